// What a task writes over its worker's counts and records changes numbers, and nothing else.

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>
#include <procpool/stats.hpp>
#include <procpool/this_task.hpp>

#include "pool_map.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"

namespace engine_test {
namespace {

namespace mp = procpool;
using support::numbers;

std::unique_ptr<PoolMap> map;

/// Fills what the worker counts, and then returns or dies.
int scribble(int x) {
    mp::engine::Slot& slot = map->slot(mp::this_worker::id());
    std::memset(static_cast<void*>(&slot.counts), 0xff, sizeof slot.counts);
    std::memset(static_cast<void*>(&slot.slowest), 0xff, sizeof slot.slowest);
    if (x == 1) {
        std::abort();
    }
    return x;
}

class ScribbledCounts : public testing::Test {
protected:
    ScribbledCounts() {
        map = std::make_unique<PoolMap>(1);
        pool = std::make_unique<mp::Pool>(1);
    }
    ~ScribbledCounts() override {
        pool.reset();
        map.reset();
    }

    std::unique_ptr<mp::Pool> pool;
};

TEST_F(ScribbledCounts, AreWrittenOverByWhatIsTrue) {
    ASSERT_TRUE(map->is_right());
    pool->map([](int x) { return x; }, numbers(10));
    EXPECT_EQ(pool->apply(scribble, 0), 0);
    EXPECT_TRUE(support::eventually([&] {
        const mp::PoolStats stats = pool->stats();
        return stats.workers[0].items == 11 && !stats.workers[0].is_busy;
    }));
    EXPECT_TRUE(pool->stats().slowest.empty() || pool->stats().slowest[0].duration.count() > 0);
}

TEST_F(ScribbledCounts, OfADeadWorkerAreNotCarriedOn) {
    ASSERT_TRUE(map->is_right());
    pool->map([](int x) { return x; }, numbers(10));
    EXPECT_FALSE(pool->try_apply(scribble, 1).has_value());
    EXPECT_EQ(pool->map([](int x) { return x; }, numbers(10)), numbers(10));
    EXPECT_TRUE(support::eventually([&] {
        // What it counted is lost with it, but no garbage is added.
        const mp::PoolStats stats = pool->stats();
        return stats.workers[0].items >= 10 && stats.workers[0].items <= 20 &&
               stats.workers[0].busy.count() >= 0 &&
               stats.workers[0].busy < std::chrono::hours(1) &&
               stats.workers[0].waiting < std::chrono::hours(1);
    }));
    EXPECT_EQ(pool->stats().deaths, 1U);
    pool->close();
    pool->join();
}

}  // namespace
}  // namespace engine_test
