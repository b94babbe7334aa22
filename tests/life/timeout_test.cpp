// procpool_test: TIMEOUT 180
#include <csignal>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace {

using support::Clock;
using namespace std::chrono_literals;
using procpool::Pool;
using procpool::TaskTimeout;
using procpool::WorkerDied;
using support::numbers;

struct Board {
    support::Roll roll;
    std::atomic<int> tries{0};
    std::atomic<int> survivors{0};  // of an earlier try, seen by a later one
    std::atomic<Clock::rep> started{0};
};
Board* board = nullptr;
void (*misbehave)() = nullptr;  // inherited by the workers: set before the pool is made

void spins() { support::spin_for_ever(); }

void blocks_every_signal() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    support::wait_for_ever();
}

void ignores_every_signal() {
    for (int number = 1; number < NSIG; ++number) {
        ::signal(number, SIG_IGN);
    }
    support::wait_for_ever();
}

void starts_children() {
    for (int i = 0; i < 3; ++i) {
        support::start_child(board->roll);
    }
    if (::fork() == 0) {
        board->roll.call(::getpid());
        support::start_child(board->roll);
        support::wait_for_ever();
    }
    support::wait_for_ever();
}

void starts_daemons() {
    support::start_daemon(board->roll);
    support::start_daemon(board->roll);
    support::spin_for_ever();
}

void is_stopped() {
    ::raise(SIGSTOP);
    support::wait_for_ever();
}

void stops_its_children() {
    const pid_t child = ::fork();
    if (child == 0) {
        board->roll.call(::getpid());
        ::setsid();
        ::raise(SIGSTOP);
        support::wait_for_ever();
    }
    support::wait_for_ever();
}

void joins_another_group() {
    ::setpgid(0, ::getpgid(::getppid()));
    support::start_child(board->roll);
    support::wait_for_ever();
}

void has_threads() {
    std::thread([] { support::spin_for_ever(); }).detach();
    support::spin_for_ever();
}

struct Misbehaviour {
    const char* name;
    void (*act)();
    std::size_t processes;  // that it reports, the worker included
};
void PrintTo(const Misbehaviour& what, std::ostream* out) { *out << what.name; }

class Overdue : public testing::TestWithParam<Misbehaviour> {
protected:
    Overdue() {
        board = board_.get();
        misbehave = GetParam().act;
    }

private:
    support::Shared<Board> board_;
};

constexpr int bad_item = 5;
/// Long enough for the other items, and for the bad one to start what it starts, where forking is
/// slow and there is other work.
constexpr auto long_enough = sanitized ? 1500ms : 400ms;

int item(int i) {
    if (i == bad_item) {
        for (const pid_t earlier : board->roll.pids()) {
            if (support::may_act(earlier)) {
                ++board->survivors;
            }
        }
        if (board->tries > 0 && support::exists(board->roll.pids().front())) {
            ++board->survivors;
        }
        board->roll.clear();
        ++board->tries;
        board->roll.call(::getpid());
        misbehave();
    }
    return i * i;
}

TEST_P(Overdue, ItemTimesOutAndTakesNothingAlong) {
    Pool pool{2};
    const auto outcomes = pool.try_map(item, numbers(20), {.timeout = long_enough});
    ASSERT_EQ(outcomes.size(), 20U);
    for (int i = 0; i < 20; ++i) {
        const auto& outcome = outcomes[static_cast<std::size_t>(i)];
        if (i == bad_item) {
            ASSERT_FALSE(outcome);
            EXPECT_THROW(outcome.rethrow(), TaskTimeout) << outcome.error().message();
            EXPECT_EQ(outcome.error().index(), 5U);
        } else {
            ASSERT_TRUE(outcome) << outcome.error().message();
            EXPECT_EQ(*outcome, i * i);
        }
    }
    EXPECT_EQ(board->tries, 1);
    const auto pids = board->roll.pids();
    ASSERT_EQ(pids.size(), GetParam().processes);
    EXPECT_FALSE(support::exists(pids.front())) << "the worker was not reaped before its item was";
    for (const pid_t pid : pids) {
        EXPECT_TRUE(support::eventually([&] { return !support::exists(pid); })) << pid;
    }
    EXPECT_EQ(pool.map(item, numbers(3)), (std::vector{0, 1, 4}));
}

TEST_P(Overdue, RetryWaitsForTheReaping) {
    Pool pool{2};
    try {
        pool.map(item, numbers(20), {.timeout = long_enough / 2, .retries = 2});
        FAIL() << "no timeout";
    } catch (const TaskTimeout& e) {
        EXPECT_EQ(e.index(), 5U);
    }
    EXPECT_EQ(board->tries, 3);
    EXPECT_EQ(board->survivors, 0);
}

INSTANTIATE_TEST_SUITE_P(, Overdue,
                         testing::Values(Misbehaviour{"Spins", spins, 1},
                                         Misbehaviour{"BlocksEverySignal", blocks_every_signal, 1},
                                         Misbehaviour{"IgnoresEverySignal", ignores_every_signal,
                                                      1},
                                         Misbehaviour{"StartsChildren", starts_children, 6},
                                         Misbehaviour{"StartsDaemons", starts_daemons, 3},
                                         Misbehaviour{"IsStopped", is_stopped, 1},
                                         Misbehaviour{"StopsItsChildren", stops_its_children, 2},
                                         Misbehaviour{"JoinsAnotherGroup", joins_another_group, 2},
                                         Misbehaviour{"HasThreads", has_threads, 1}),
                         [](const auto& test) { return std::string(test.param.name); });

class Timeout : public testing::Test {
protected:
    Timeout() { board = board_.get(); }

private:
    support::Shared<Board> board_;
};

/// From the deadline to the end of the worker's process, as its pidfd tells. Nothing if the task
/// was killed before it could say when it started. The clock of the item began between its
/// submission and the first line of the task.
std::optional<Clock::duration> delay_of_one_kill(Pool& pool, Clock::duration timeout) {
    board->roll.clear();
    const auto submitted = Clock::now();
    auto result = pool.submit({.timeout = timeout}, [] {
        board->started = Clock::now().time_since_epoch().count();
        board->roll.call(::getpid());
        support::spin_for_ever();
    });
    if (!support::eventually([] { return board->roll.size() == 1; }, timeout + 1s)) {
        EXPECT_THROW(result.get(), TaskTimeout);
        return std::nullopt;
    }
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, board->roll.pids().front(), 0));
    if (pidfd != -1) {  // or it is gone already
        pollfd watch{.fd = pidfd, .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&watch, 1, 10'000), 1);
        ::close(pidfd);
    }
    const auto ended = Clock::now();
    EXPECT_GE(ended - submitted, timeout) << "it was killed early";
    EXPECT_THROW(result.get(), TaskTimeout);
    return ended - Clock::time_point(Clock::duration(board->started.load())) - timeout;
}

/// In ms. Under a sanitizer each of the processes that have to die and to be forked takes far
/// longer.
constexpr double longest_delay = sanitized ? 250 : 50;

TEST_F(Timeout, KillsWithin50MillisecondsOfTheDeadlineAndNeverBefore) {
    Pool pool{2};
    std::vector<double> delays;
    for (const auto timeout : {1ms, 20ms, 60ms, 100ms, 250ms, 61ms, 62ms, 63ms}) {
        const auto delay = delay_of_one_kill(pool, timeout);
        if (!delay) {
            continue;
        }
        delays.push_back(support::milliseconds(*delay));
    }
    ASSERT_FALSE(delays.empty());
    std::sort(delays.begin(), delays.end());
    std::cout << "ms from deadline to death: best " << delays.front() << ", median "
              << delays[delays.size() / 2] << ", worst " << delays.back() << '\n';
    EXPECT_LT(delays.front(), longest_delay)
        << "a busy machine may hold up most of them, but not all";
}

TEST_F(Timeout, KillsInTimeWhileOtherWorkersLeaveOrphansBehind) {
    // What one worker's death costs the fork server must not delay the deadline of the next.
    Pool pool{4};
    std::vector<double> delays;
    for (int round = 0; round < 3; ++round) {
        std::vector<procpool::AsyncResult<void>> daemons;
        for (int i = 0; i < 3; ++i) {
            daemons.push_back(pool.submit({.timeout = 100ms}, [] {
                static support::Roll unused;
                for (int child = 0; child < 5; ++child) {
                    support::start_daemon(unused);
                }
                support::spin_for_ever();
            }));
        }
        if (const auto delay = delay_of_one_kill(pool, 101ms)) {
            delays.push_back(support::milliseconds(*delay));
        }
        for (auto& daemon : daemons) {
            EXPECT_THROW(daemon.get(), TaskTimeout);
        }
    }
    ASSERT_FALSE(delays.empty());
    std::sort(delays.begin(), delays.end());
    std::cout << "ms from deadline to death beside deaths of 3 workers with 5 daemons each: best "
              << delays.front() << ", worst " << delays.back() << '\n';
    EXPECT_LT(delays.front(), longest_delay);
}

// Races at the deadline -------------------------------------------------------------------------

constexpr int race_length = sanitized ? 250 : 1000;
constexpr auto race_timeout = 4ms;

/// What one worker runs, one item after the other. Jobs need not take turns in the order in which
/// they were submitted.
struct Race {
    std::array<std::atomic<int>, race_length> runs{};
    std::array<std::atomic<int>, race_length> turn{};                   // 1 is the first
    std::array<std::atomic<Clock::rep>, race_length + 2> started_at{};  // by turn
    std::atomic<int> turns{0};

    void start(int i) {
        const int now = ++turns;
        turn.at(static_cast<std::size_t>(i)) = now;
        started_at.at(static_cast<std::size_t>(now)) = Clock::now().time_since_epoch().count();
        ++runs.at(static_cast<std::size_t>(i));
    }
    /// From the start of what ran before the item to that of what ran behind it: the item itself is
    /// timed from a moment before its first line. Nothing if that is not known.
    [[nodiscard]] std::optional<Clock::duration> around(int i) const {
        const auto of = static_cast<std::size_t>(turn.at(static_cast<std::size_t>(i)));
        if (of < 2 || started_at.at(of + 1) == 0) {
            return std::nullopt;
        }
        return Clock::duration(started_at.at(of + 1) - started_at.at(of - 1));
    }
};
Race* race = nullptr;

/// Even items end about when the fork server looks at their deadline; odd ones at once.
int race_item(int i) {
    race->start(i);
    if (i % 2 == 0) {
        const auto late = std::chrono::microseconds((i * 7919) % 2000 - 200);
        for (const auto until = Clock::now() + race_timeout + late; Clock::now() < until;) {
        }
    }
    return i;
}

/// What befell item i is one of the two things that may; an innocent one was not hit by the kill
/// for the one before it. `result`: nothing if it timed out.
int check_race(int i, std::optional<int> result) {
    const int runs = race->runs[static_cast<std::size_t>(i)];
    if (result) {
        EXPECT_EQ(runs, 1) << i;
        EXPECT_EQ(*result, i);
        return 0;
    }
    EXPECT_LE(runs, 1) << i;
    // With one worker what runs behind it starts after the kill.
    EXPECT_GE(race->around(i).value_or(race_timeout), race_timeout)
        << "item " << i << " was killed early";
    return 1;
}

TEST_F(Timeout, ItemThatEndsAtItsDeadlineHasOneFate) {
    const support::Shared<Race> shared;
    race = shared.get();
    Pool pool{1};
    const auto outcomes =
        pool.try_map(race_item, numbers(race_length), {.chunksize = 8, .timeout = race_timeout});
    int timed_out = 0;
    for (int i = 0; i < race_length; ++i) {
        const auto& outcome = outcomes[static_cast<std::size_t>(i)];
        if (!outcome) {
            EXPECT_THROW(outcome.rethrow(), TaskTimeout) << outcome.error().message();
        }
        timed_out += check_race(i, outcome ? std::optional(*outcome) : std::nullopt);
    }
    std::cout << timed_out << " of " << race_length / 2 << " ran into their deadline\n";
    EXPECT_GT(timed_out, 0);
    EXPECT_LT(timed_out, race_length) << "on a busy machine odd items may time out, too";
}

TEST_F(Timeout, JobThatEndsAtItsDeadlineDoesNotCostTheNextOne) {
    // Every job is one item with index 0: nothing but its turn tells one from the next.
    const support::Shared<Race> shared;
    race = shared.get();
    Pool pool{1};
    std::vector<procpool::AsyncResult<int>> results;
    for (int i = 0; i < race_length; ++i) {
        results.push_back(pool.submit({.timeout = race_timeout}, race_item, i));
    }
    std::vector<std::optional<int>> outcomes;
    for (auto& result : results) {
        try {
            outcomes.emplace_back(result.get());
        } catch (const TaskTimeout&) {
            outcomes.emplace_back();
        }
    }
    int timed_out = 0;
    for (int i = 0; i < race_length; ++i) {
        timed_out += check_race(i, outcomes[static_cast<std::size_t>(i)]);
    }
    std::cout << timed_out << " of " << race_length / 2 << " ran into their deadline\n";
}

TEST_F(Timeout, ItemCondemnedWhileItStartsDoesNotCostTheOneBefore) {
    // So short a timeout keeps the fork server looking all the time: it condemns items between any
    // two instructions of their start.
    Pool pool{1};
    const auto mostly_quick = [](int i) {
        if (i % 20 == 0) {
            for (const auto until = Clock::now() + 100us; Clock::now() < until;) {
            }
        }
        return i;
    };
    std::map<std::string, int> fates;
    for (int round = 0; round < 3000 && fates["timed out"] < 200; ++round) {
        for (const auto& outcome : pool.try_map(mostly_quick, numbers(250), {.timeout = 1ns})) {
            try {
                outcome.rethrow();
                ++fates["finished"];
            } catch (const TaskTimeout&) {
                ++fates["timed out"];
            } catch (const WorkerDied& e) {
                FAIL() << e.message();
            }
        }
    }
    std::cout << fates["finished"] << " finished, " << fates["timed out"] << " timed out\n";
}

TEST_F(Timeout, DoesNotTouchWhatIsInTime) {
    Pool pool{2};
    const auto squares = pool.map([](int i) { return i * i; }, numbers(10'000), {.timeout = 10s});
    EXPECT_EQ(squares[9'999], 9'999 * 9'999);
}

/// While there is work the fork server looks at its client every 50 ms: a shorter deadline is told
/// to it. Of many tries the tenth best, and of three rounds the best one, because a busy machine
/// may hold most of them up: those that wait for a look would be that fast once in six times.
TEST_F(Timeout, OfAFewMillisecondsDoesNotWaitForTheNextLook) {
    if (sanitized) {
        GTEST_SKIP() << "the death of a worker alone takes longer under a sanitizer";
    }
    Pool pool{1};
    double best = 1'000;
    for (int round = 0; round < 3 && best > 17; ++round) {
        std::vector<double> took;
        for (int i = 0; i < 25; ++i) {
            pool.apply([] {});
            const auto start = Clock::now();
            EXPECT_THROW(
                pool.apply(procpool::TaskOptions{.timeout = 5ms}, [] { support::wait_for_ever(); }),
                TaskTimeout);
            took.push_back(support::milliseconds(Clock::now() - start));
        }
        std::sort(took.begin(), took.end());
        best = std::min(best, took[9]);
    }
    std::cout << "timed out after " << best << " ms\n";
    EXPECT_LT(best, 17);
}

/// What idle workers have in their slots is no item.
TEST_F(Timeout, LeavesIdleWorkersAlone) {
    Pool pool{4};
    const auto before = pool.worker_pids();
    for (int i = 0; i < 20; ++i) {
        pool.apply(procpool::TaskOptions{.timeout = 500ms}, [] { ::usleep(50'000); });
    }
    EXPECT_EQ(pool.worker_pids(), before);
}

TEST_F(Timeout, LeavesNoSentenceForTheNextDeath) {
    Pool pool{1};
    for (int round = 0; round < 5; ++round) {
        EXPECT_THROW(pool.apply({.timeout = 10ms}, [] { support::spin_for_ever(); }), TaskTimeout);
        EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
        EXPECT_THROW(pool.apply({.timeout = 10s}, [] { std::abort(); }), WorkerDied);
    }
}

TEST_F(Timeout, LongestTimeoutIsNone) {
    Pool pool{2};
    EXPECT_EQ(
        pool.map([](int i) { return i; }, numbers(3), {.timeout = std::chrono::nanoseconds::max()}),
        numbers(3));
}

TEST_F(Timeout, EveryWorkerMayBeOverdueAtOnce) {
    Pool pool{4};
    const auto outcomes =
        pool.try_map([](int) { support::spin_for_ever(); }, numbers(12), {.timeout = 30ms});
    for (const auto& outcome : outcomes) {
        EXPECT_THROW(outcome.rethrow(), TaskTimeout);
    }
}

TEST_F(Timeout, OfOneJobLeavesTheOthersAlone) {
    Pool pool{2};
    auto slow = pool.submit([] {
        for (const auto until = Clock::now() + 500ms; Clock::now() < until;) {
        }
        return 1;
    });
    EXPECT_THROW(pool.apply({.timeout = 20ms}, [] { support::spin_for_ever(); }), TaskTimeout);
    EXPECT_EQ(slow.get(), 1);
}

}  // namespace
