#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/cpu.hpp>
#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::await;
using support::Counter;
using support::listed;
using support::numbers;
using support::Shared;

namespace {

constexpr auto id = [](int x) { return x; };

TEST(Pool, HasAsManyWorkersAsAskedFor) {
    mp::Pool three{3};
    EXPECT_EQ(three.processes(), 3);
    EXPECT_EQ(three.worker_pids().size(), 3);
    EXPECT_EQ(mp::Pool{}.processes(), mp::usable_cpus());
    EXPECT_EQ(mp::Pool{0}.processes(), mp::usable_cpus());
    EXPECT_EQ(mp::Pool{mp::PoolOptions{.processes = 2}}.processes(), 2);
}

TEST(Pool, RunsTasksInTheWorkersThatItNames) {
    mp::Pool pool{2};
    const auto pids = pool.worker_pids();
    for (const pid_t pid : pool.map([](int) { return getpid(); }, numbers(20))) {
        EXPECT_NE(std::find(pids.begin(), pids.end(), pid), pids.end());
    }
}

TEST(Pool, RefusesAbsurdNumbersOfWorkers) {
    EXPECT_THROW(mp::Pool{-1}, std::invalid_argument);
    EXPECT_THROW(mp::Pool{1'000'000}, std::invalid_argument);
    EXPECT_THROW(mp::Pool(mp::PoolOptions{.processes = -7}), std::invalid_argument);
    EXPECT_THROW(mp::Pool(mp::PoolOptions{.processes = 1,
                                          .max_tasks_per_child = static_cast<std::size_t>(-1)}),
                 std::invalid_argument);
}

TEST(Pool, ReplacesWorkersAfterTheirNumberOfTasks) {
    mp::Pool pool{mp::PoolOptions{.processes = 2, .max_tasks_per_child = 10}};
    const auto before = pool.worker_pids();
    const auto pids = pool.map([](int) { return getpid(); }, numbers(100), {.chunksize = 1});
    std::vector<int> calls;
    for (const pid_t pid : pids) {
        calls.push_back(static_cast<int>(std::count(pids.begin(), pids.end(), pid)));
    }
    EXPECT_LE(*std::max_element(calls.begin(), calls.end()), 10);
}

TEST(Pool, CountsItemsAndNotChunksTowardsTheReplacement) {
    mp::Pool pool{mp::PoolOptions{.processes = 1, .max_tasks_per_child = 2}};
    const auto pids = pool.map([](int) { return getpid(); }, numbers(6), {.chunksize = 3});
    for (std::size_t i = 0; i < 6; i += 2) {
        EXPECT_EQ(pids[i], pids[i + 1]);
    }
    EXPECT_NE(pids[1], pids[2]);
    EXPECT_NE(pids[3], pids[4]);
}

TEST(Pool, FinishesWhatIsPendingWhenClosedAndJoined) {
    Shared<Counter> gate;
    mp::Pool pool{mp::PoolOptions{.processes = 2, .max_tasks_per_child = 1}};
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 6; ++i) {
        results.push_back(pool.submit(
            [g = gate.get()](int x) {
                await(*g);
                return x;
            },
            i));
    }
    pool.close();
    ++*gate;
    pool.join();
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i);
    }
}

TEST(Pool, TakesNothingAfterClose) {
    mp::Pool pool{1};
    pool.close();
    EXPECT_THROW(pool.map(id, numbers(3)), mp::PoolClosed);
    EXPECT_THROW(pool.map(id, numbers(0)), mp::PoolClosed);
    EXPECT_THROW(pool.try_map(id, numbers(3)), mp::PoolClosed);
    EXPECT_THROW(static_cast<void>(pool.submit(id, 1)), mp::PoolClosed);
    EXPECT_THROW(static_cast<void>(pool.map_async(id, numbers(3))), mp::PoolClosed);
    pool.join();
    EXPECT_THROW(pool.apply(id, 1), mp::PoolClosed);
}

TEST(Pool, TakesNothingAfterTerminate) {
    mp::Pool pool{1};
    pool.terminate();
    EXPECT_THROW(pool.map(id, numbers(3)), mp::PoolTerminated);
}

TEST(Pool, CannotBeJoinedBeforeItIsClosed) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.join(), std::logic_error);
    EXPECT_EQ(pool.apply(id, 1), 1);
}

TEST(Pool, MayBeClosedJoinedAndTerminatedOftenAndInAnyOrder) {
    for (int order = 0; order < 4; ++order) {
        mp::Pool pool{1};
        EXPECT_EQ(pool.apply(id, 1), 1);
        if (order == 0) {
            pool.close(), pool.close(), pool.join(), pool.join(), pool.terminate();
        }
        if (order == 1) {
            pool.terminate(), pool.terminate(), pool.join(), pool.close(), pool.join();
        }
        if (order == 2) {
            pool.close(), pool.terminate(), pool.join();
        }
        if (order == 3) {
            pool.close(), pool.join(), pool.close(), pool.terminate(), pool.join();
        }
    }
}

TEST(Pool, TerminatesWithTenThousandTasksThatWait) {
    Shared<Counter> gate;
    mp::Pool pool{2};
    auto result = pool.map_async(
        [g = gate.get()](int x) {
            await(*g);
            return x;
        },
        numbers(10'000), {.chunksize = 1});
    pool.terminate();
    pool.join();
    EXPECT_THROW(result.get(), mp::PoolTerminated);
}

TEST(Pool, TerminatedByAnotherThreadEndsACallThatWaits) {
    Shared<Counter> started, gate;
    mp::Pool pool{1};
    std::thread other([&] {
        await(*started);
        pool.terminate();
    });
    const auto wait = [s = started.get(), g = gate.get()](int x) {
        ++*s;
        await(*g);
        return x;
    };
    EXPECT_THROW(pool.map(wait, numbers(5)), mp::PoolTerminated);
    other.join();
}

TEST(Pool, MayBeMoved) {
    mp::Pool a{1};
    mp::Pool b = std::move(a);
    EXPECT_EQ(b.apply(id, 1), 1);
    EXPECT_THROW(a.apply(id, 1), std::logic_error);
    EXPECT_THROW(a.close(), std::logic_error);
    a = mp::Pool{1};
    EXPECT_EQ(a.apply(id, 2), 2);
    a = std::move(b);
    EXPECT_EQ(a.apply(id, 3), 3);
    static_assert(!std::is_copy_constructible_v<mp::Pool>);
}

TEST(Pool, IsUsedByManyThreadsAtOnce) {
    mp::Pool pool{2};
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&pool, &right, t] {
            for (int i = 0; i < 50; ++i) {
                const auto result = pool.map([t](int x) { return x + t; }, numbers(100));
                right += result[99] == 99 + t;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(right, 8 * 50);
}

TEST(Pool, Nests) {
    mp::Pool pool{2};
    const auto sum_in_own_pool = [](int n) {
        mp::Pool inner{1};
        const auto squares = inner.map([](int x) { return x * x; }, numbers(n));
        return std::accumulate(squares.begin(), squares.end(), 0);
    };
    EXPECT_EQ(pool.map(sum_in_own_pool, std::vector<int>{2, 3, 4}), listed(1, 5, 14));
}

TEST(Pool, ThrowsInAForkedChildAndEndsNothingThere) {
    auto pool = std::make_unique<mp::Pool>(1);
    const pid_t child = fork();
    if (child == 0) {
        int wrong = 0;
        const auto throws = [&wrong](auto call) {
            try {
                call();
                ++wrong;
            } catch (const std::logic_error&) {
            }
        };
        throws([&] { pool->map(id, numbers(3)); });
        throws([&] { static_cast<void>(pool->processes()); });
        throws([&] { static_cast<void>(pool->worker_pids()); });
        throws([&] { pool->close(); });
        throws([&] { pool->join(); });
        throws([&] { pool->terminate(); });
        pool.reset();
        _exit(wrong);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(pool->apply(id, 1), 1);
}

}  // namespace
