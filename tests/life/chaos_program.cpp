// Draws pools, calls and items at random, kills workers at random moments meanwhile, and compares
// what came of every item with what may come of it. Exits with 1 if anything was wrong:
//
//   chaos [--kills N] [--turns N] [--seed N]
//
// In some rounds one thread makes short calls beside long ones of others. It counts what the others
// start meanwhile: more than a turn of each worker is unfair. --turns: so many calls are counted.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <procpool/cpu.hpp>
#include <procpool/pool.hpp>

#include "support/beginners.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace {

using namespace std::chrono_literals;
using Random = std::mt19937_64;

constexpr auto longest_call = 60s;
constexpr auto item_timeout = 300ms;

enum class Kind : int { trivial, computes, throws, aborts, exits, hangs };

struct Item {
    Kind kind{};
    int number = 0;
};

/// Shared with the workers, which inherit the pointer.
struct Counters {
    std::atomic<std::uint64_t> started{0};  // items of long calls
    support::Beginners beginners;
};
Counters* counters = nullptr;

int answer_to(int number) { return number * 7 + 3; }

void compute(std::chrono::microseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
    }
}

int run(const Item& item) {
    counters->beginners.note();
    switch (item.kind) {
        case Kind::trivial:
            break;
        case Kind::computes:
            compute(30us);
            break;
        case Kind::throws:
            throw std::out_of_range("item " + std::to_string(item.number));
        case Kind::aborts:
            std::signal(SIGABRT, SIG_DFL);
            std::abort();
        case Kind::exits:
            ::_exit(3);
        case Kind::hangs:
            for (;;) {
                ::pause();
            }
    }
    return answer_to(item.number);
}

int run_counted(const Item& item) {
    counters->started.fetch_add(1, std::memory_order_relaxed);
    return run(item);
}

/// An answer of variable size.
std::string run_for_text(const Item& item) {
    return std::string(static_cast<std::size_t>(item.number % 300), 'x') +
           std::to_string(run(item));
}

template <class T>
T one_of(Random& random, std::initializer_list<T> choices) {
    return *(choices.begin() + random() % choices.size());
}

/// What a run of the program found.
class Findings {
public:
    void problem(const std::string& what) {
        const std::scoped_lock lock(mutex_);
        if (problems_++ < 5) {
            std::printf("    %s\n", what.c_str());
            std::fflush(stdout);
        }
    }
    [[nodiscard]] bool clean() const { return problems_ == 0; }

    std::atomic<std::uint64_t> kills{0}, calls{0}, items{0}, failures{0}, turns{0}, long_turns{0};

private:
    std::mutex mutex_;
    std::atomic<std::uint64_t> problems_{0};
};

/// A call as it was drawn.
struct Plan {
    std::vector<Item> items;
    procpool::MapOptions options;
    bool text = false;

    [[nodiscard]] std::string in_words() const {
        return std::to_string(items.size()) + " items, chunksize " +
               std::to_string(options.chunksize) + ", retries " + std::to_string(options.retries) +
               (options.timeout.count() != 0 ? ", timeout" : "") +
               (options.fail_fast ? ", fail_fast" : "") + (text ? ", text" : "");
    }
};

Plan draw(Random& random) {
    Plan plan;
    plan.text = random() % 3 == 0;
    plan.options.chunksize = one_of<std::size_t>(random, {0, 0, 1, 7, 64});
    plan.options.retries = one_of(random, {0, 0, 1, 5});
    plan.options.fail_fast = random() % 8 == 0;
    const bool timed = random() % 4 == 0;
    if (timed) {
        plan.options.timeout = item_timeout;
    }
    // Few bad items, as each costs a worker; of those that hang fewer still.
    const std::uint64_t one_bad_in =
        one_of<std::uint64_t>(random, {20, 200, std::uint64_t{1} << 30U});
    const std::size_t count = one_of<std::size_t>(random, {0, 1, 2, 10, 100, 1000, 3000});
    const Kind usual = one_of(random, {Kind::trivial, Kind::computes});
    for (std::size_t i = 0; i < count; ++i) {
        Item item{usual, static_cast<int>(random() % 1'000'000)};
        if (random() % one_bad_in == 0) {
            item.kind = one_of(random, {Kind::throws, Kind::throws, Kind::aborts, Kind::exits});
            if (timed && random() % 16 == 0) {
                item.kind = Kind::hangs;
            }
        }
        plan.items.push_back(item);
    }
    return plan;
}

enum class Verdict { may_be, cancelled, wrong };

/// What to think of an item that failed so, if workers are killed from outside as well.
template <class R>
Verdict judge(const Item& item, std::size_t index, const procpool::Outcome<R>& outcome) {
    const auto verdict = [&](bool may_be) {
        return may_be && outcome.error().index() == index ? Verdict::may_be : Verdict::wrong;
    };
    try {
        outcome.rethrow();
    } catch (const procpool::TaskCancelled&) {
        return Verdict::cancelled;
    } catch (const procpool::WorkerDied& died) {
        return verdict(died.signal() == SIGKILL ||
                       (item.kind == Kind::aborts && died.signal() == SIGABRT) ||
                       (item.kind == Kind::exits && died.signal() == 0 && died.exit_status() == 3));
    } catch (const procpool::TaskTimeout&) {
        return verdict(item.kind == Kind::hangs);
    } catch (const std::out_of_range& thrown) {
        return verdict(item.kind == Kind::throws &&
                       std::string(thrown.what()) == "item " + std::to_string(item.number));
    }
    return Verdict::wrong;
}

template <class R, class Expected>
void check(const Plan& plan, const std::vector<procpool::Outcome<R>>& outcomes, Expected expected,
           Findings& findings) {
    if (outcomes.size() != plan.items.size()) {
        findings.problem(plan.in_words() + ": " + std::to_string(outcomes.size()) + " outcomes");
        return;
    }
    bool any_reason = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const Item& item = plan.items[i];
        if (outcomes[i].has_value()) {
            const bool may = item.kind == Kind::trivial || item.kind == Kind::computes;
            if (!may || outcomes[i].value() != expected(item)) {
                findings.problem(plan.in_words() + ": wrong value of item " + std::to_string(i));
            }
            continue;
        }
        ++findings.failures;
        const Verdict verdict = judge(item, i, outcomes[i]);
        any_reason = any_reason || verdict == Verdict::may_be;
        if (verdict == Verdict::wrong ||
            (verdict == Verdict::cancelled && !plan.options.fail_fast)) {
            findings.problem(plan.in_words() + ": item " + std::to_string(i) + " of kind " +
                             std::to_string(static_cast<int>(item.kind)) +
                             " failed: " + outcomes[i].error().message());
        }
    }
    if (!any_reason && std::any_of(outcomes.begin(), outcomes.end(),
                                   [](const auto& outcome) { return !outcome.has_value(); })) {
        findings.problem(plan.in_words() + ": items were cancelled, and none failed");
    }
    ++findings.calls;
    findings.items += plan.items.size();
}

/// Whose call runs since when, so that one that hangs ends the program and not the other way round.
class Lane {
public:
    template <class Call>
    auto watch(const std::string& what, Call call) {
        {
            const std::scoped_lock lock(mutex_);
            call_ = what;
            began_ = std::chrono::steady_clock::now();
        }
        struct End {
            Lane& lane;
            ~End() {
                const std::scoped_lock lock(lane.mutex_);
                lane.began_.reset();
            }
        } const end{*this};
        return call();
    }
    void check() {
        const std::scoped_lock lock(mutex_);
        if (began_ && std::chrono::steady_clock::now() - *began_ > longest_call) {
            std::printf("    hangs: %s\n", call_.c_str());
            std::fflush(stdout);
            std::_Exit(EXIT_FAILURE);
        }
    }

private:
    std::mutex mutex_;
    std::string call_;
    std::optional<std::chrono::steady_clock::time_point> began_;
};

// A round: one pool ------------------------------------------------------------------------------

struct Round {
    procpool::Pool pool;
    int processes;
    std::size_t calling_threads;
    std::uint64_t until;  // kills
    bool fair;            // short calls beside long ones, whose turns can be counted
    Findings& findings;

    [[nodiscard]] bool goes_on() const { return findings.kills < until && findings.clean(); }
};

void make_any_calls(Round& round, Lane& lane, std::uint64_t seed) {
    Random random(seed);
    while (round.goes_on()) {
        const Plan plan = draw(random);
        if (plan.text) {
            check(
                plan,
                lane.watch(
                    plan.in_words(),
                    [&] { return round.pool.try_map(run_for_text, plan.items, plan.options); }),
                [](const Item& item) {
                    return std::string(static_cast<std::size_t>(item.number % 300), 'x') +
                           std::to_string(answer_to(item.number));
                },
                round.findings);
        } else {
            check(
                plan,
                lane.watch(plan.in_words(),
                           [&] { return round.pool.try_map(run, plan.items, plan.options); }),
                [](const Item& item) { return answer_to(item.number); }, round.findings);
        }
    }
}

/// Long calls in claims of at most `longest_claim` items.
constexpr std::size_t longest_claim = 5;

void make_long_calls(Round& round, Lane& lane, std::uint64_t seed) {
    Random random(seed);
    while (round.goes_on()) {
        Plan plan{.items = std::vector<Item>(4000, Item{Kind::computes, 1}), .options = {}};
        plan.options.chunksize = 1 + random() % longest_claim;
        plan.options.retries = 100;
        check(
            plan,
            lane.watch("long call",
                       [&] { return round.pool.try_map(run_counted, plan.items, plan.options); }),
            [](const Item& item) { return answer_to(item.number); }, round.findings);
    }
}

/// Short calls, each for a turn of every worker: meanwhile the others start no more than what
/// workers hold, and a claim of each of them for every claim of this call.
void make_short_calls(Round& round, Lane& lane) {
    constexpr std::size_t count = 10;
    const Plan plan{.items = std::vector<Item>(count, Item{Kind::trivial, 2}),
                    .options = {.chunksize = 1, .retries = 100}};
    while (round.goes_on()) {
        const std::uint64_t kills = round.findings.kills;
        const std::uint64_t before = counters->started;
        const auto outcomes = lane.watch(
            "short call", [&] { return round.pool.try_map(run, plan.items, plan.options); });
        const std::uint64_t meanwhile = counters->started - before;
        const bool disturbed = round.findings.kills != kills;
        check(
            plan, outcomes, [](const Item& item) { return answer_to(item.number); },
            round.findings);
        const std::uint64_t others = round.calling_threads - 1;
        // And what a worker does while a process waits for its slice of a CPU, 4 ms, or for two.
        const auto workers = static_cast<std::uint64_t>(round.processes);
        const std::uint64_t fair = 270 * workers + (count + 2 * workers) * others * longest_claim;
        // A death takes a moment, in which the other workers go on with other calls.
        if (!disturbed) {
            ++round.findings.turns;
            round.findings.long_turns += meanwhile > fair ? 1 : 0;
        }
        std::this_thread::sleep_for(200us);
    }
}

void kill_at_random(Round& round, pid_t server, std::uint64_t seed) {
    Random random(seed);
    // Between two kills there is time for several short calls that are not disturbed.
    const std::uint64_t longest_pause =
        round.fair ? 100'000 : one_of<std::uint64_t>(random, {500, 2000, 10'000});
    while (round.goes_on()) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % longest_pause));
        const std::vector<pid_t> pids = round.pool.worker_pids();
        if (pids.empty()) {
            continue;
        }
        const pid_t victim = pids[random() % pids.size()];
        if (!counters->beginners.is_to_be_spared(victim) && support::kill_child(victim, server)) {
            ++round.findings.kills;
        }
    }
}

void run_round(Random& random, bool fair, Findings& findings) {
    // Turns can be counted only where neither a worker nor this program waits for a CPU.
    const auto spare = static_cast<std::uint64_t>(std::max(1, procpool::usable_cpus() - 1));
    const int processes =
        fair ? 1 + static_cast<int>(random() % spare) : one_of(random, {1, 2, 3, 4, 8});
    const std::size_t callers = fair ? 2 + random() % 3 : one_of<std::size_t>(random, {1, 2, 3, 6});
    // Made while this is the only thread: the workers are forked off this process.
    Round round{.pool = procpool::Pool(
                    {.processes = processes,
                     .max_tasks_per_child = one_of<std::size_t>(random, {0, 0, 0, 50, 1000})}),
                .processes = processes,
                .calling_threads = callers,
                .until = findings.kills + (fair ? 20 : 100),
                .fair = fair,
                .findings = findings};
    const auto first = support::look_up(round.pool.worker_pids().at(0));
    if (!first) {
        return;  // it ended: the next round has another pool
    }
    std::vector<Lane> lanes(callers);
    std::vector<std::thread> threads;
    threads.emplace_back(kill_at_random, std::ref(round), first->parent, random());
    for (std::size_t i = 0; i < callers; ++i) {
        threads.emplace_back([&, i, seed = random()] {
            if (!round.fair) {
                make_any_calls(round, lanes[i], seed);
            } else if (i == 0) {
                make_short_calls(round, lanes[i]);
            } else {
                make_long_calls(round, lanes[i], seed);
            }
        });
    }
    std::atomic<bool> over{false};
    std::thread watcher([&] {
        while (!over) {
            std::for_each(lanes.begin(), lanes.end(), [](Lane& lane) { lane.check(); });
            std::this_thread::sleep_for(50ms);
        }
    });
    for (std::thread& thread : threads) {
        thread.join();
    }
    over = true;
    watcher.join();
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t kills = 300;
    std::uint64_t turns = 30;
    std::uint64_t seed = std::random_device()();
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        (option == "--seed"    ? seed
         : option == "--turns" ? turns
                               : kills) = std::strtoull(argv[i + 1], nullptr, 10);
    }
    std::printf("seed %" PRIu64 "\n", seed);
    const support::Shared<Counters> shared;
    counters = shared.get();
    Findings findings;
    Random random(seed);
    for (int round = 0; (findings.kills < kills || findings.turns < turns) && findings.clean();
         ++round) {
        run_round(random, findings.turns < turns && round % 2 == 0, findings);
    }
    // On a busy machine a process may wait for a CPU longer than that: that is nobody's fault.
    if (findings.long_turns * 5 > findings.turns) {
        findings.problem("short calls waited for more than a turn of each worker");
    }
    std::printf("%" PRIu64 " kills, %" PRIu64 " calls, %" PRIu64 " items, %" PRIu64
                " of them failed, %" PRIu64 " turns counted, %" PRIu64 " too long: %s\n",
                findings.kills.load(), findings.calls.load(), findings.items.load(),
                findings.failures.load(), findings.turns.load(), findings.long_turns.load(),
                findings.clean() ? "nothing wrong" : "PROBLEMS");
    return findings.clean() ? EXIT_SUCCESS : EXIT_FAILURE;
}
