// procpool_test: TIMEOUT 120
#include <atomic>
#include <csignal>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/shared.hpp"

/// A short call beside a long job starts when the next worker is free, whatever becomes of workers.
namespace {

support::Shared<std::atomic<int>> ran;

int count_and_die(int x) {
    ++*ran;
    std::raise(SIGKILL);
    return x;
}
int count(int x) {
    ++*ran;
    return x;
}
int twice(int x) { return 2 * x; }

constexpr int batch_size = 2'000;
/// Items of the batch that may go before the call. One or two do, and as many as run while this
/// process waits for a CPU; without fairness it would be nearly all.
constexpr int few = batch_size / 2;

/// Items of the batch that ran while the call waited.
int items_before_a_call(procpool::Pool& pool, int (*item)(int)) {
    *ran = 0;
    auto batch = pool.map_async(item, std::vector<int>(batch_size, 1), {.chunksize = 1});
    EXPECT_TRUE(support::eventually([] { return *ran >= 5; }));
    const int before = *ran;
    EXPECT_EQ(pool.apply(twice, 3), 6);
    const int after = *ran;
    batch.cancel();
    return after - before;
}

TEST(Fairness, HoldsBesideItemsThatEachKillTheirWorker) {
    procpool::Pool pool{1};
    EXPECT_LT(items_before_a_call(pool, count_and_die), few);
}

TEST(Fairness, HoldsForWorkersOfOneItem) {
    procpool::Pool pool({.processes = 1, .max_tasks_per_child = 1});
    EXPECT_LT(items_before_a_call(pool, count), few);
}

}  // namespace
