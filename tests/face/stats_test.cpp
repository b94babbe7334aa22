// procpool_test: TIMEOUT 60
// Pool::stats(): what it counts, and what it says of a pool that has ended.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>
#include <procpool/stats.hpp>
#include <procpool/this_task.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::eventually;
using support::numbers;

namespace {

int same(int x) { return x; }

std::uint64_t items_of(const mp::PoolStats& stats) {
    std::uint64_t items = 0;
    for (const mp::WorkerStats& worker : stats.workers) {
        items += worker.items;
    }
    return items;
}

TEST(Stats, CountWhatWasDoneAndWhatFailed) {
    mp::Pool pool{2};
    pool.map(same, numbers(100));
    const auto throws = [](int x) { return x % 10 == 0 ? throw std::runtime_error("no") : x; };
    static_cast<void>(pool.try_map(throws, numbers(100)));
    EXPECT_EQ(pool.stats().done, 190U);
    EXPECT_EQ(pool.stats().failed, 10U);
    EXPECT_EQ(pool.stats().calls, 0U);
    EXPECT_EQ(pool.stats().queued, 0U);
    // A worker counts a chunk when its results are on their way already.
    EXPECT_TRUE(eventually([&] { return items_of(pool.stats()) == 200; }));
}

TEST(Stats, CountItemsOfEveryChunkLength) {
    mp::Pool pool{2};
    for (const std::size_t length : {1U, 3U, 1000U}) {
        const std::uint64_t before = items_of(pool.stats());
        pool.map(same, numbers(100), {.chunksize = length});
        EXPECT_TRUE(eventually([&] { return items_of(pool.stats()) == before + 100; })) << length;
    }
}

TEST(Stats, TellWhatIsUnderWay) {
    const support::Shared<std::atomic<bool>> go;
    mp::Pool pool{1};
    auto result = pool.map_async(
        [go = go.get()](int x) {
            support::await([&] { return go->load(); }, "go");
            return x;
        },
        numbers(7));
    EXPECT_TRUE(eventually([&] { return pool.stats().workers[0].is_busy; }));
    EXPECT_EQ(pool.stats().calls, 1U);
    EXPECT_EQ(pool.stats().queued, 7U);
    const auto busy = pool.stats().workers[0].busy;
    EXPECT_TRUE(eventually([&] { return pool.stats().workers[0].busy > busy; }))
        << "also of an item that has not ended";
    *go = true;
    result.get();
    EXPECT_EQ(pool.stats().calls, 0U);
    EXPECT_TRUE(eventually([&] { return !pool.stats().workers[0].is_busy; }));
    const auto waiting = pool.stats().workers[0].waiting;
    EXPECT_TRUE(eventually([&] { return pool.stats().workers[0].waiting > waiting; }));
}

/// By their index, in the last call.
std::map<std::size_t, mp::SlowItem> slow_items(const mp::PoolStats& stats, std::uint64_t call) {
    std::map<std::size_t, mp::SlowItem> found;
    for (const mp::SlowItem& item : stats.slowest) {
        if (item.call == call && item.count == 1) {
            found.emplace(item.index, item);
        }
    }
    return found;
}

TEST(Stats, NameTheSlowestItemsWithTheirTime) {
    mp::Pool pool{2};
    pool.map(same, numbers(50));
    const auto sleeps = [](int x) {
        std::this_thread::sleep_for(5ms + std::chrono::milliseconds(x % 10 == 3 ? 30 : 0));
        return x;
    };
    pool.map(sleeps, numbers(40));
    const std::vector<std::size_t> slow{3, 13, 23, 33};
    ASSERT_TRUE(eventually([&] {
        const auto found = slow_items(pool.stats(), 2);
        return std::ranges::all_of(slow, [&](std::size_t i) { return found.contains(i); });
    }));
    const mp::PoolStats stats = pool.stats();
    EXPECT_EQ(stats.slowest.size(), 10U);
    EXPECT_TRUE(std::ranges::is_sorted(stats.slowest, std::greater{}, &mp::SlowItem::duration));
    for (const std::size_t index : slow) {
        EXPECT_GE(slow_items(stats, 2).at(index).duration, 35ms);
        EXPECT_LT(slow_items(stats, 2).at(index).worker, 2);
    }
}

/// The first of them, and every one behind a slow one.
TEST(Stats, TimeEveryChunkOfAGivenLengthWhileTheyTakeLong) {
    mp::Pool pool{1};
    const auto sleeps = [](int x) {
        std::this_thread::sleep_for(std::chrono::milliseconds(x % 10 == 7 ? 30 : 1));
        return x;
    };
    pool.map(sleeps, numbers(30), {.chunksize = 1});
    ASSERT_TRUE(eventually([&] { return slow_items(pool.stats(), 1).size() == 10; }));
    for (const std::size_t index : {7U, 17U, 27U}) {
        EXPECT_GE(slow_items(pool.stats(), 1).at(index).duration, 30ms);
    }
}

TEST(Stats, CountDeathsTriesAndThoseWhoReplaceTheDead) {
    const support::Shared<std::atomic<int>> tries;
    mp::Pool pool{1};
    const auto dies_once = [tries = tries.get()](int x) {
        if (x == 2 && tries->fetch_add(1) == 0) {
            std::raise(SIGKILL);
        }
        return x;
    };
    EXPECT_EQ(pool.map(dies_once, numbers(5), {.retries = 1}), numbers(5));
    ASSERT_TRUE(eventually([&] { return items_of(pool.stats()) == 5; }))
        << "those of the dead worker count";
    const mp::PoolStats stats = pool.stats();
    EXPECT_EQ(stats.deaths, 1U);
    EXPECT_EQ(stats.retries, 1U);
    EXPECT_EQ(stats.replaced, 1U);
    EXPECT_EQ(stats.timeouts, 0U);
    EXPECT_EQ(stats.failed, 0U);
    EXPECT_EQ(stats.workers[0].deaths, 1U);
    EXPECT_EQ(stats.workers[0].pid, pool.worker_pids().at(0));
}

TEST(Stats, CountTimeouts) {
    mp::Pool pool{1};
    const auto hangs = [](int x) {
        for (volatile bool forever = x == 0; forever;) {
            ::pause();
        }
        return x;
    };
    static_cast<void>(pool.try_map(hangs, numbers(2), {.timeout = 50ms}));
    EXPECT_EQ(pool.stats().timeouts, 1U);
    EXPECT_EQ(pool.stats().failed, 1U);
}

TEST(Stats, TellTheMemoryAndTheStartOfEachWorker) {
    mp::Pool pool{{.processes = 1, .initializer = [] { std::this_thread::sleep_for(10ms); }}};
    static void* kept = nullptr;
    const std::size_t before =
        pool.apply([](int x) { return x; }, 0) == 0 ? pool.stats().workers[0].memory : 0;
    constexpr std::size_t size = std::size_t{8} << 20U;
    pool.apply([] {
        kept = std::calloc(1, size);
        std::fill_n(static_cast<volatile char*>(kept), size, 'x');
    });
    EXPECT_GT(before, 0U);
    EXPECT_GE(pool.stats().workers[0].memory, before + size);
    EXPECT_GE(pool.stats().workers[0].start_up, 10ms);
}

TEST(Stats, OfAnEndedPoolAreTheLastOnes) {
    mp::Pool pool{2};
    pool.map(same, numbers(100));
    pool.close();
    pool.join();
    const mp::PoolStats stats = pool.stats();
    EXPECT_EQ(stats.done, 100U);
    EXPECT_EQ(items_of(stats), 100U);
    EXPECT_EQ(stats.deaths, 0U) << "they were asked to end";
    for (const mp::WorkerStats& worker : stats.workers) {
        EXPECT_EQ(worker.pid, 0);
        EXPECT_EQ(worker.memory, 0U);
    }
    EXPECT_EQ(pool.stats().workers[0].waiting, stats.workers[0].waiting) << "time has stopped";

    mp::Pool other{1};
    other.apply(same, 1);
    other.terminate();
    EXPECT_EQ(other.stats().done, 1U);
}

TEST(Stats, OfAWorkerThatIsReplacedByPlanCountNoDeath) {
    mp::Pool pool{{.processes = 1, .max_tasks_per_child = 5}};
    pool.map(same, numbers(20));
    EXPECT_TRUE(eventually([&] { return pool.stats().replaced >= 3; }));
    EXPECT_EQ(pool.stats().deaths, 0U);
    EXPECT_TRUE(eventually([&] { return items_of(pool.stats()) == 20; }));
}

TEST(Stats, CannotBeAskedForInAForkedChild) {
    mp::Pool pool{1};
    EXPECT_EQ(support::status_of_child([&] {
                  try {
                      static_cast<void>(pool.stats());
                  } catch (const std::logic_error&) {
                      return true;
                  }
                  return false;
              }),
              0);
}

TEST(Stats, MayBeAskedForByAnyThreadAtAnyTime) {
    mp::Pool pool{2};
    std::atomic<bool> stop{false};
    std::thread asker([&] {
        while (!stop) {
            const auto stats = pool.stats();
            EXPECT_EQ(stats.workers.size(), 2U);
            EXPECT_LE(stats.done, 2000U);
        }
    });
    for (int i = 0; i < 20; ++i) {
        pool.map(same, numbers(100));
    }
    pool.close();
    pool.join();
    stop = true;
    asker.join();
    EXPECT_EQ(pool.stats().done, 2000U);
}

TEST(Stats, OfAPoolInTheCallerCountToo) {
    mp::Pool pool{{.start = mp::Start::in_caller}};
    const auto throws = [](int x) { return x == 3 ? throw std::runtime_error("no") : x; };
    static_cast<void>(pool.try_map(throws, numbers(10)));
    const mp::PoolStats stats = pool.stats();
    EXPECT_EQ(stats.done, 9U);
    EXPECT_EQ(stats.failed, 1U);
    EXPECT_EQ(stats.calls, 0U);
    EXPECT_EQ(stats.queued, 0U);
    ASSERT_EQ(stats.workers.size(), 1U);
    EXPECT_EQ(stats.workers[0].items, 10U);
    EXPECT_EQ(stats.workers[0].pid, 0);
    EXPECT_FALSE(stats.slowest.empty());
}

}  // namespace
