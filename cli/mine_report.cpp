#include "mine_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <procpool/cpu.hpp>

#include "mine/header.hpp"
#include "mine/text.hpp"
#include "tool/interrupt.hpp"
#include "tool/json.hpp"
#include "tool/terminal.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

using nlohmann::json;

std::string nonce_text(const std::string& bytes) {
    std::uint32_t nonce = 0;
    std::copy_n(bytes.data(), sizeof nonce, reinterpret_cast<char*>(&nonce));
    return fmt::format("{}", nonce);
}

std::string hashes_text(double count) {
    return mine::count_text(count) + (std::round(count) == 1 ? " hash" : " hashes");
}

std::string found_line(const mine::Request& request, const mine::Found& found) {
    const std::string hash = mine::hash_text(request, found.digest);
    if (!request.header.empty()) {
        return fmt::format("nonce {}  {}\n", nonce_text(found.suffix), hash);
    }
    return fmt::format("{}  {}\n", found.suffix, hash);
}

/// A run that is too short says nothing about speed.
bool long_enough(const mine::Outcome& outcome) { return outcome.seconds >= 0.1; }

double speed_up(const mine::Outcome& outcome, double alone) { return outcome.rate() / alone; }

/// How many workers can compute at the same time.
int cores(int workers) { return std::min(workers, usable_cpus()); }

std::string who(const Run& run) {
    const int workers = run.outcome.workers;
    switch (run.kind) {
        case Kind::plain:
            return "normal map";
        case Kind::threads:
            return tool::counted(workers, "thread");
        case Kind::processes:
            break;
    }
    return tool::counted(workers, "process");
}

std::string summary(const Run& run, double alone) {
    const mine::Outcome& outcome = run.outcome;
    std::string text = fmt::format(
        "{} in {} by {}: {}", hashes_text(static_cast<double>(outcome.hashes)),
        mine::duration_text(outcome.seconds), who(run), mine::rate_text(outcome.rate()));
    if (outcome.workers > 1) {
        text +=
            fmt::format(", {} a core", mine::rate_text(outcome.rate() / cores(outcome.workers)));
        text += long_enough(outcome)
                    ? fmt::format(", {:.2f} x one process", speed_up(outcome, alone))
                    : ", too short to tell the speed-up";
    }
    return text + fmt::format("; {} died\n", tool::counted(outcome.deaths, "worker"));
}

std::string comparison(const std::vector<Run>& runs, const tool::Terminal& terminal) {
    const std::string head =
        fmt::format("{:<16}{:>14}{:>14}{:>12}\n", "", "time", "rate", "speed-up");
    const bool narrow = terminal.present && terminal.room() + 1 < head.size();
    std::string text = narrow ? "" : head;
    const double plain = runs.front().outcome.seconds;
    for (const Run& run : runs) {
        const mine::Outcome& outcome = run.outcome;
        text += terminal.fitted(fmt::format(
            fmt::runtime(narrow ? "{}: {}, {}, {:.2f} x\n" : "{:<16}{:>14}{:>14}{:>12.2f}\n"),
            who(run), mine::duration_text(outcome.seconds), mine::rate_text(outcome.rate()),
            plain / std::max(outcome.seconds, 1e-9)));
    }
    return text;
}

const char* key(Kind kind) {
    switch (kind) {
        case Kind::plain:
            return "plain";
        case Kind::threads:
            return "threads";
        case Kind::processes:
            break;
    }
    return "processes";
}

json found_json(const mine::Request& request, const mine::Found& found) {
    json one{{"hash", mine::hash_text(request, found.digest)}, {"candidates_before", found.before}};
    if (request.header.empty()) {
        one["suffix"] = found.suffix;
        one["text"] = request.base + found.suffix;
    } else {
        one["nonce"] = std::stoul(nonce_text(found.suffix));
    }
    return one;
}

json outcome_json(const mine::Outcome& outcome, double alone) {
    json all{{"workers", outcome.workers},
             {"hashes", outcome.hashes},
             {"seconds", outcome.seconds},
             {"rate", outcome.rate()},
             {"rate_per_core", outcome.rate() / cores(outcome.workers)},
             {"deaths", outcome.deaths},
             {"stopped", outcome.stopped ? json(outcome.stopped->what()) : json(nullptr)}};
    all["speed_up"] = long_enough(outcome) ? json(speed_up(outcome, alone)) : json(nullptr);
    return all;
}

}  // namespace

std::string forecast(const mine::Order& order, double alone, int processes) {
    std::string text = fmt::format("goal: {}\n", order.goal);
    for (const std::string& note : order.notes) {
        text += fmt::format("note: {}\n", note);
    }
    const double expected = order.expected();
    return text + fmt::format("expected: {}, {} on {} (one computes {})\n", hashes_text(expected),
                              mine::duration_text(expected / (alone * cores(processes))),
                              tool::counted(processes, "process"), mine::rate_text(alone));
}

std::string page(const MineOptions& options, const std::vector<Run>& runs, double alone) {
    const auto terminal = tool::Terminal::at(STDOUT_FILENO);
    std::string text;
    for (const mine::Found& found : runs.back().outcome.found) {
        text += terminal.fitted(found_line(options.request, found));
    }
    if (options.compare) {
        text += comparison(runs, terminal);
    }
    text += terminal.fitted(summary(runs.back(), alone));
    if (tool::Interrupt::pressed()) {
        text += "interrupted\n";
    }
    return text;
}

std::string as_json(const MineOptions& options, const mine::Order& order,
                    const std::vector<Run>& runs, double alone) {
    const mine::Request& request = options.request;
    const mine::Outcome& outcome = runs.back().outcome;
    json all = outcome_json(outcome, alone);
    all["hash"] = to_string(order.plan.search.hash);
    all["goal"] = order.goal;
    all["notes"] = order.notes;
    all["share"] = order.share;
    all["expected_hashes"] = order.expected();
    all["one_process_rate"] = alone;
    all["interrupted"] = outcome.interrupted;
    all["wanted"] = order.plan.wanted;
    all["found"] = json::array();
    for (const mine::Found& found : outcome.found) {
        all["found"].push_back(found_json(request, found));
    }
    if (request.header.empty()) {
        all["base"] = request.base;
        if (request.zero_bits) {
            all["zero_bits"] = *request.zero_bits;
        } else {
            all["digits"] = options.digits;
            all["prefix"] = request.prefix;
        }
        all["strategy"] = options.strategy;
        all["alphabet"] = request.alphabet;
        all["lengths"] = order.lengths;
        all["seed"] = request.seed;
        all["reach"] = json::array();
        for (const mine::Reach& at : order.reach) {
            all["reach"].push_back(
                {{"length", at.length}, {"share", at.share}, {"exact", at.exact}});
        }
    } else {
        all["target"] = mine::target_text(order.plan.search);
    }
    if (options.compare) {
        for (const Run& run : runs) {
            all["compare"][key(run.kind)] = outcome_json(run.outcome, alone);
        }
    }
    return tool::json_text(all);
}

}  // namespace procpool::cli
