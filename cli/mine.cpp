// `procpool mine`: the lecture's exercise as a real program. The work is apps/mine's.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <procpool/cpu.hpp>

#include "commands.hpp"
#include "mine/crew.hpp"
#include "mine/header.hpp"
#include "mine/miner.hpp"
#include "mine/request.hpp"
#include "mine/text.hpp"
#include "tool/exit.hpp"
#include "tool/interrupt.hpp"
#include "tool/output.hpp"
#include "tool/terminal.hpp"
#include "tool/text.hpp"
#include "whole.hpp"

namespace procpool::cli {

namespace {

using nlohmann::json;

constexpr auto help = R"(Examples:
  procpool mine --hash adler32 --base "I miss DSR already" --digits hex --prefix 0
  procpool mine --hash sha256 --zero-bits 24 --strategy enumerate --compare
  procpool mine --hash sha256d --prefix 00000 --count 3 --json
  procpool mine --block-header HEX --nonce-from 2083000000 --nonce-to 2084000000

Enumerating gives the smallest answer: the shortest, and of those the first in the order
of the alphabet. By chance, the answer depends on --seed alone. Neither depends on the
number of processes.
)";

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

struct Options {
    mine::Request request{};
    std::string hash = "adler32";
    std::string digits = "hex";
    std::string strategy = "random";
    int zero_bits = 0;
    std::uint32_t min_length = 0;
    std::uint32_t max_length = 0;
    int processes = 0;
    bool compare = false;
    bool json = false;
};

enum class Kind { plain, threads, processes };

/// What one crew did.
struct Run {
    Kind kind;
    mine::Outcome outcome;
};

// ---- Working

std::unique_ptr<mine::Crew> make_crew(Kind kind, int workers, const mine::Plan& plan) {
    switch (kind) {
        case Kind::plain:
            return mine::make_plain_crew(plan.search, plan.wanted);
        case Kind::threads:
            return mine::make_thread_crew(workers, plan.search, plan.wanted);
        case Kind::processes:
            break;
    }
    return mine::make_process_crew(workers, plan.search, plan.wanted);
}

mine::Outcome work(Kind kind, int workers, const mine::Order& order, double rate) {
    const std::unique_ptr<mine::Crew> crew = make_crew(kind, workers, order.plan);
    tool::StatusLine status;
    const auto go_on = [&](const mine::Progress& progress) {
        if (status.due()) {
            status.show(mine::progress_line(static_cast<double>(progress.hashes), progress.seconds,
                                            order.expected(), tool::StatusLine::room()));
        }
        return !tool::Interrupt::pressed();
    };
    return mine::mine(order.plan, *crew, mine::chunk_size_for(rate), go_on);
}

// ---- Telling

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

/// Too short a run says nothing about speed.
bool long_enough(const mine::Outcome& outcome) { return outcome.seconds >= 0.1; }

double speed_up(const mine::Outcome& outcome, double alone) { return outcome.rate() / alone; }

/// Workers that compute at the same time.
int cores(int workers) { return std::min(workers, usable_cpus()); }

std::string who(const Run& run) {
    const auto workers = static_cast<std::uint64_t>(run.outcome.workers);
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

std::string forecast(const mine::Order& order, double alone, int processes) {
    const double expected = order.expected();
    return fmt::format("expected: {}, {} on {} (one computes {})", hashes_text(expected),
                       mine::duration_text(expected / (alone * cores(processes))),
                       tool::counted(static_cast<std::uint64_t>(processes), "process"),
                       mine::rate_text(alone));
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

json report(const Options& options, const mine::Order& order, const std::vector<Run>& runs,
            double alone) {
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
    return all;
}

/// One crew, or all of them one after the other; the last is the one that is told about.
std::vector<Run> work_all(const Options& options, const mine::Order& order, int processes,
                          double alone) {
    // Processes before threads: a pool is to be made while there are none.
    std::vector<Kind> kinds{Kind::processes};
    if (options.compare) {
        kinds = {Kind::plain, Kind::processes, Kind::threads};
    }
    std::vector<Run> runs;
    for (const Kind kind : kinds) {
        if (!runs.empty() && (tool::Interrupt::pressed() || runs.back().outcome.stopped)) {
            break;
        }
        runs.push_back({kind, work(kind, processes, order, alone)});
    }
    if (runs.size() == 3) {
        std::swap(runs[1], runs[2]);
    }
    return runs;
}

std::string page(const Options& options, const std::vector<Run>& runs, double alone) {
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

int run(Options& options) {
    const mine::Request& request = options.request;
    const mine::Order order = mine::make_order(request);
    const int processes = options.processes > 0 ? options.processes : usable_cpus();
    const double alone = mine::measure_rate(order.plan);

    const tool::Interrupt interrupt;  // before anything is shown that Ctrl-C could answer
    std::string before = fmt::format("goal: {}\n", order.goal);
    for (const std::string& note : order.notes) {
        before += fmt::format("note: {}\n", note);
    }
    before += forecast(order, alone, processes) + "\n";
    if (options.json) {
        tool::write_err(tool::Terminal::at(STDERR_FILENO).fitted(before));
    } else {
        tool::write_out(tool::Terminal::at(STDOUT_FILENO).fitted(before));
    }

    const std::vector<Run> runs = work_all(options, order, processes, alone);
    tool::write_out(options.json ? report(options, order, runs, alone)
                                           .dump(2, ' ', false, json::error_handler_t::replace) +
                                       '\n'
                                 : page(options, runs, alone));

    const mine::Outcome& outcome = runs.back().outcome;
    if (outcome.stopped) {
        throw tool::Stopped(*outcome.stopped);
    }
    if (tool::Interrupt::pressed()) {
        return tool::interrupted;
    }
    if (outcome.found.size() < order.plan.wanted) {
        throw tool::Stopped(
            tool::failed,
            fmt::format("{} of {} found among {} candidates: {}", outcome.found.size(),
                        order.plan.wanted, mine::count_text(order.candidates),
                        request.header.empty()
                            ? "look at more with --max-length or a higher --limit"
                            : "look at more with --nonce-from and --nonce-to"));
    }
    return tool::done;
}

}  // namespace

void add_mine(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<Options>();
    mine::Request& request = options->request;
    CLI::App* const command = app.add_subcommand(
        "mine", "Looks for letters which, added to a text, give it a hash as asked for");
    command->footer(std::string(help) + '\n' + tool::exit_codes);

    const std::string what = "What is hashed";
    auto* hash = command->add_option("--hash", options->hash, "The hash")
                     ->check(CLI::IsMember({"adler32", "crc32", "sha256", "sha256d"}))
                     ->capture_default_str()
                     ->group(what);
    auto* base = command->add_option("--base", request.base, "The text that letters are added to")
                     ->capture_default_str()
                     ->group(what);
    auto* alphabet = command->add_option("--alphabet", request.alphabet, "The letters, in order")
                         ->capture_default_str()
                         ->group(what);
    auto* min_length = command
                           ->add_option("--min-length", options->min_length,
                                        "Letters, at least [where the goal can be met]")
                           ->check(whole(1, mine::longest_suffix))
                           ->group(what);
    auto* max_length = command->add_option("--max-length", options->max_length, "Letters, at most")
                           ->check(whole(1, mine::longest_suffix))
                           ->group(what);

    const std::string goal = "When it counts as found";
    auto* prefix = command->add_option("--prefix", request.prefix, "What the hash begins with")
                       ->capture_default_str()
                       ->group(goal);
    auto* digits = command
                       ->add_option("--digits", options->digits,
                                    "The hash as text: hex has a fixed width, dec has not")
                       ->check(CLI::IsMember({"hex", "dec"}))
                       ->capture_default_str()
                       ->group(goal);
    auto* zero_bits =
        command->add_option("--zero-bits", options->zero_bits, "So many bits 0 at its beginning")
            ->excludes(prefix)
            ->excludes(digits)
            ->group(goal);
    command->add_option("--count", request.count, "How many are to be found")
        ->check(whole(1, any_number))
        ->capture_default_str()
        ->group(goal);

    const std::string header = "A Bitcoin block instead";
    auto* block = command
                      ->add_option("--block-header", request.header,
                                   "The 76 bytes before the nonce, in hexadecimal")
                      ->group(header);
    for (auto* option : {hash, base, alphabet, min_length, max_length, prefix, digits, zero_bits}) {
        block->excludes(option);
    }
    command->add_option("--nonce-from", request.nonce_from, "The first nonce")
        ->check(whole(0, 0xffffffff))
        ->needs(block)
        ->capture_default_str()
        ->group(header);
    command->add_option("--nonce-to", request.nonce_to, "The last nonce")
        ->check(whole(0, 0xffffffff))
        ->needs(block)
        ->capture_default_str()
        ->group(header);

    const std::string how = "How";
    command->add_option("--strategy", options->strategy, "The order of the letters")
        ->check(CLI::IsMember({"random", "enumerate"}))
        ->capture_default_str()
        ->excludes(block)
        ->group(how);
    command->add_option("--seed", request.seed, "Of the random letters")
        ->check(whole(0, any_number))
        ->capture_default_str()
        ->excludes(block)
        ->group(how);
    command->add_option("--limit", request.limit, "Give up after so many hashes")
        ->check(whole(1, any_number))
        ->group(how);
    command->add_option("--processes", options->processes, "Workers; 0: the CPUs that may be used")
        ->check(whole(0, 1000))
        ->capture_default_str()
        ->group(how);
    command
        ->add_flag("--compare", options->compare,
                   "Do it by a normal map, on threads and on processes")
        ->group(how);
    command->add_flag("--json", options->json, "Print all figures by name")->group(how);

    command->callback([=, &exit_code] {
        mine::Request& asked = options->request;
        asked.hash = mine::hash_of_name(options->hash).value();
        asked.digits = options->digits == "dec" ? mine::Digits::dec : mine::Digits::hex;
        asked.strategy =
            options->strategy == "enumerate" ? mine::Strategy::enumerate : mine::Strategy::random;
        if (zero_bits->count() > 0) {
            asked.zero_bits = options->zero_bits;
        }
        if (min_length->count() > 0) {
            asked.min_length = options->min_length;
        }
        if (max_length->count() > 0) {
            asked.max_length = options->max_length;
        }
        if (block->count() > 0 && asked.header.empty()) {
            throw tool::BadUsage("--block-header is empty: give the 76 bytes before the nonce");
        }
        try {
            exit_code = run(*options);
        } catch (const mine::ImpossibleGoal& error) {
            throw tool::BadUsage(error.what());
        }
    });
}

}  // namespace procpool::cli
