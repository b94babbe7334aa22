// procpool_test: TIMEOUT 120
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <numeric>
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

TEST(GivingBack, LeavesWhatIsForOneWorkerToIt) {
    procpool::Pool pool{workers};
    reset();
    pool.for_each_worker([] { wait_for_help(0); });
    EXPECT_EQ(seen->started, workers);
}

}  // namespace
