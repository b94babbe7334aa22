// procpool_test: TIMEOUT 120
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/shared.hpp"

/// No worker rests while another one holds items that have not started.
namespace {

using namespace std::chrono_literals;

constexpr int workers = 4;
/// So long that an item waits for others: far more than it takes them to come.
constexpr auto patience = 30s;

struct Seen {
    std::atomic<int> started{0};
    std::atomic<int> running{0};
    std::atomic<int> most_running{0};
};
support::Shared<Seen> seen;

void reset() {
    seen->started = 0;
    seen->running = 0;
    seen->most_running = 0;
}

/// An item of a claim that holds them all. It takes a millisecond; some more run until all workers
/// have come to help.
int wait_for_help(int x) {
    ++seen->started;
    const int now = ++seen->running;
    int most = seen->most_running;
    while (most < now && !seen->most_running.compare_exchange_weak(most, now)) {
    }
    std::this_thread::sleep_for(1ms);
    --seen->running;
    return x;
}

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

TEST(GivingBack, SharesOneClaimAmongAllWorkers) {
    procpool::Pool pool{workers};
    const auto items = numbers(1000);
    const auto until = std::chrono::steady_clock::now() + patience;
    do {
        reset();
        EXPECT_EQ(pool.map(wait_for_help, items, {.chunksize = items.size()}), items);
        EXPECT_EQ(seen->started, 1000);
    } while (seen->most_running < workers && std::chrono::steady_clock::now() < until);
    EXPECT_EQ(seen->most_running, workers);
}

TEST(GivingBack, RunsTheItemsOfADeadHolderOnce) {
    procpool::Pool pool{workers};
    const auto items = numbers(400);
    for (int round = 0; round < 5; ++round) {
        reset();
        const auto outcomes = pool.try_map(
            [](int x) {
                if (x % 50 == 7) {
                    std::raise(SIGKILL);
                }
                return wait_for_help(x);
            },
            items, {.chunksize = items.size()});
        for (const int x : items) {
            const auto& outcome = outcomes[static_cast<std::size_t>(x)];
            EXPECT_EQ(outcome.has_value(), x % 50 != 7) << x;
        }
        EXPECT_EQ(seen->started, 400 - 8);
    }
}

TEST(GivingBack, KeepsTheLivesOfWorkersAsLongAsTheyWere) {
    procpool::Pool pool({.processes = workers, .max_tasks_per_child = 10});
    reset();
    const auto items = numbers(400);
    std::vector<pid_t> pids = pool.map(
        [](int x) {
            wait_for_help(x);
            return ::getpid();
        },
        items, {.chunksize = items.size()});
    EXPECT_EQ(seen->started, 400);
    std::sort(pids.begin(), pids.end());
    for (std::size_t i = 0; i + 10 < pids.size(); ++i) {
        EXPECT_NE(pids[i], pids[i + 10]) << "a worker that ran eleven items";
    }
}

TEST(GivingBack, EndsWithTheFirstFailureOfAJobThatStopsThere) {
    procpool::Pool pool{workers};
    reset();
    const auto fail_once = [](int x) {
        wait_for_help(x);
        if (x == 20) {
            throw std::runtime_error("twenty");
        }
        return x;
    };
    EXPECT_THROW(pool.map(fail_once, numbers(400), {.chunksize = 400, .fail_fast = true}),
                 std::runtime_error);
    EXPECT_LT(seen->started, 400);
}

/// The find comes late, but first in order: workers that hold items before another find run them.
TEST(GivingBack, FindsTheFirstThoughALaterFindClosesTheJob) {
    procpool::Pool pool{3};
    const auto probe = [](int x) -> std::optional<int> {
        if (x < 200) {
            std::this_thread::sleep_for(1ms);
        }
        return x == 199 || x == 250 ? std::optional(x) : std::nullopt;
    };
    for (const auto timeout : {0s, 60s}) {
        EXPECT_EQ(pool.find_first(probe, numbers(400),
                                  {.chunksize = 200, .timeout = timeout, .fail_fast = true}),
                  199);
    }
}

struct Finder {
    std::atomic<pid_t> first{0};     ///< the worker that began
    std::atomic<bool> taken{false};  ///< another one has taken a part
    std::atomic<int> found{-1};
    std::atomic<int> after{0};  ///< items behind the find that were started after it
};
support::Shared<Finder> finder;

/// The other worker waits at its first item, so that nobody takes what the first one offers.
std::optional<int> find_while_the_other_waits(int x) {
    pid_t nobody = 0;
    const bool began = finder->first.compare_exchange_strong(nobody, ::getpid());
    if (!began && nobody != ::getpid()) {
        finder->taken = true;
        for (int ms = 0; finder->found < 0 && ms < 20'000; ++ms) {
            std::this_thread::sleep_for(1ms);
        }
        return std::nullopt;
    }
    if (const int found = finder->found; found >= 0) {
        finder->after += x > found ? 1 : 0;
        return std::nullopt;
    }
    std::this_thread::sleep_for(1ms);
    static int since = 0;
    if (!finder->taken || ++since < 3) {
        return std::nullopt;
    }
    finder->found = x;
    return x;
}

TEST(GivingBack, RunsNothingBehindAFindInTheSameClaim) {
    {
        procpool::Pool pool{2};
        const auto found =
            pool.find_first(find_while_the_other_waits, numbers(3000), {.chunksize = 3000});
        ASSERT_TRUE(found) << "nobody took a part";
        EXPECT_EQ(*found, finder->found);
        pool.close();
        pool.join();
    }
    EXPECT_EQ(finder->after, 0);
}

TEST(GivingBack, LeavesWhatIsForOneWorkerToIt) {
    procpool::Pool pool{workers};
    reset();
    pool.for_each_worker([] { wait_for_help(0); });
    EXPECT_EQ(seen->started, workers);
}

}  // namespace
