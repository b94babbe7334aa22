// C++ threads compute in parallel. So why processes?

#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "tasks.hpp"
#include "threads.hpp"
#include "timing.hpp"

namespace lecture {

namespace {

namespace mp = procpool;
using namespace std::chrono_literals;

constexpr int workers = 8;
constexpr std::size_t items = 1000;

/// While it lives, std::terminate prints nothing: the crashes belong to the lesson, their messages
/// do not. It aborts as before.
class QuietTerminate {
public:
    QuietTerminate() : before_(std::set_terminate([] { std::abort(); })) {}
    QuietTerminate(const QuietTerminate&) = delete;
    QuietTerminate& operator=(const QuietTerminate&) = delete;
    ~QuietTerminate() { std::set_terminate(before_); }

private:
    std::terminate_handler before_;
};

json on_threads(const json& request) {
    const auto results =
        Threads(workers).map(parse, request.at("lines").get<std::vector<std::string>>());
    return {{"results", results.size()}};
}

/// The figure of a peer: its time if it answered after all, otherwise how it ended.
Figure as_found(const Answer& answer, std::string in_the_table) {
    Figure figure{.fate = answer.fate, .seconds = answer.seconds, .why = answer.why};
    if (answer.fate == Fate::died || answer.fate == Fate::silent) {
        figure.text = std::move(in_the_table);
    }
    return figure;
}

Report run(const Desk& desk) {
    const auto lines = lines_to_parse(items);
    const auto bad = bad_lines(items);
    const auto timeout = desk.quick ? 200ms : 500ms;
    const auto watchdog = desk.quick ? 1500ms : 4000ms;
    Report report;
    Row row{.name = "crashes", .label = fmt::format("{} inputs, 3 crash", items)};

    desk.say("procpool");
    std::size_t results = 0;
    json failures = json::array();
    Figure& ours = row.figures[Peer::procpool];
    ours.seconds = timed([&] {
        const QuietTerminate quiet;
        mp::Pool pool{workers};
        std::size_t i = 0;
        for (auto& outcome : pool.try_map(parse, lines, {.timeout = timeout})) {
            if (outcome) {
                results += *outcome == static_cast<int>(i) + 1 ? 1U : 0U;
            } else {
                const auto& error = outcome.error();
                failures.push_back({{"index", error.index()}, {"message", error.message()}});
            }
            ++i;
        }
    });
    ours.text = fmt::format("{} + {}", results, failures.size());
    report.holds = results == items - 3 && failures.size() == 3 &&
                   failures[0].at("index") == bad.null_dereference &&
                   failures[1].at("index") == bad.terminate &&
                   failures[2].at("index") == bad.endless_loop;

    desk.say("a program with threads");
    const Answer threads = ask_self("isolation-threads", {{"lines", lines}});
    row.figures[Peer::threads] = as_found(threads, threads.why);
    desk.say(fmt::format("Python's Pool, {:.1f} s at most", Seconds(watchdog).count()));
    const Answer python =
        desk.python.ask("isolation", {{"workers", workers}, {"lines", lines}}, watchdog);
    row.figures[Peer::python_pool] = as_found(python, "no answer");

    const auto fate_of = [&](std::string_view who, const Answer& answer) {
        if (answer.fate == Fate::absent) {
            return;
        }
        if (answer.fate == Fate::done) {
            report.notes.push_back(fmt::format("{}: answered after all.", who));
        } else {
            report.notes.push_back(fmt::format("{}: {}; 0 of {} results.", who, answer.why, items));
        }
    };
    fate_of("A program with threads", threads);
    fate_of("Python's Pool", python);
    report.notes.push_back(fmt::format("procpool, in {}: {} results, {} failures:",
                                       in_words(ours.seconds), results, failures.size()));
    for (const auto& failure : failures) {
        report.notes.push_back(failure.at("message"));
    }
    report.details = {{"results", results}, {"failures", failures}};
    report.rows = {row};
    return report;
}

constexpr PeerProgram peers[] = {{"isolation-threads", on_threads}};

}  // namespace

const Cell isolation_cell{
    .name = "isolation",
    .title = "So why processes?",
    .teaches = "A crash, a std::terminate and an endless loop cost one input each, and are named.",
    .run = run,
    .peers = peers,
};

}  // namespace lecture
