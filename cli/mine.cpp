// `procpool mine`: the lecture's exercise as a real program. The work is done in apps/mine.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <procpool/cpu.hpp>

#include "commands.hpp"
#include "mine/crew.hpp"
#include "mine/miner.hpp"
#include "mine/request.hpp"
#include "mine/text.hpp"
#include "mine_options.hpp"
#include "mine_report.hpp"
#include "tool/exit.hpp"
#include "tool/interrupt.hpp"
#include "tool/output.hpp"
#include "tool/terminal.hpp"

namespace procpool::cli {

namespace {

constexpr auto help = R"(Examples:
  procpool mine --hash adler32 --base "I miss DSR already" --digits hex --prefix 0
  procpool mine --hash sha256 --zero-bits 24 --strategy enumerate --compare
  procpool mine --hash sha256d --prefix 00000 --count 3 --json
  procpool mine --block-header HEX --nonce-from 2083000000 --nonce-to 2084000000

The strategy enumerate gives the smallest answer: the shortest, and of those the first in
the order of the alphabet. The answer of the strategy random depends on --seed. Neither
depends on the number of processes.
)";

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

/// Lets one crew work, or all kinds one after the other. The last run is the one that counts.
std::vector<Run> work_all(const MineOptions& options, const mine::Order& order, int processes,
                          double alone) {
    // Processes before threads, because a pool should be made while there are no threads.
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

int run(const MineOptions& options) {
    const mine::Request& request = options.request;
    const mine::Order order = mine::make_order(request);
    const int processes = options.processes > 0 ? options.processes : usable_cpus();
    const double alone = mine::measure_rate(order.plan);

    const tool::Interrupt interrupt;  // before anything is printed that Ctrl-C could answer
    const std::string before = forecast(order, alone, processes);
    if (options.json) {
        tool::write_err(tool::Terminal::at(STDERR_FILENO).fitted(before));
    } else {
        tool::write_out(tool::Terminal::at(STDOUT_FILENO).fitted(before));
    }

    const std::vector<Run> runs = work_all(options, order, processes, alone);
    tool::write_out(options.json ? as_json(options, order, runs, alone)
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
    const auto options = std::make_shared<MineOptions>();
    CLI::App* const command = app.add_subcommand(
        "mine", "Looks for letters that, added to a text, give it the hash that is asked for");
    command->footer(std::string(help) + '\n' + tool::exit_codes);
    add_mine_options(*command, *options);
    command->callback([command, options, &exit_code] {
        complete_request(*command, *options);
        try {
            exit_code = run(*options);
        } catch (const mine::ImpossibleGoal& error) {
            throw tool::BadUsage(error.what());
        }
    });
}

}  // namespace procpool::cli
