// PoolOptions::spin: a worker that stays awake for the next call.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/processes.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

/// Waits until one of these processes has used 100 ms of a CPU; returns those that used a fifth of
/// that by then.
std::vector<pid_t> spinning(const std::vector<pid_t>& pids) {
    std::map<pid_t, std::chrono::nanoseconds> before;
    for (const pid_t pid : pids) {
        before[pid] = support::cpu_time(pid);
    }
    const auto used = [&](pid_t pid) { return support::cpu_time(pid) - before[pid]; };
    EXPECT_TRUE(support::eventually(
        [&] { return std::ranges::any_of(pids, [&](pid_t pid) { return used(pid) > 100ms; }); }));
    std::vector<pid_t> found;
    std::ranges::copy_if(pids, std::back_inserter(found),
                         [&](pid_t pid) { return used(pid) > 20ms; });
    return found;
}

/// Does one worker spin, and the others rest, once they have come to it?
bool one_spins(const mp::Pool& pool) {
    return support::eventually([&] { return spinning(pool.worker_pids()).size() == 1; });
}

int twice(int x) { return 2 * x; }

TEST(Spin, OneWorkerStaysAwakeAndTheOthersSleep) {
    mp::Pool pool({.processes = 3, .spin = 1h});
    pool.for_each_worker([] {});
    EXPECT_TRUE(one_spins(pool));
}

TEST(Spin, CallsAreAnsweredByWhoeverIsAwake) {
    mp::Pool pool({.processes = 3, .spin = 1h});
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(pool.apply(twice, i), 2 * i);
    }
    EXPECT_EQ(pool.map(twice, std::vector{1, 2, 3, 4}), (std::vector{2, 4, 6, 8}));
}

TEST(Spin, AWorkerThatDiesAwakeIsFollowedByAnother) {
    mp::Pool pool({.processes = 2, .spin = 1h});
    pool.for_each_worker([] {});
    ASSERT_TRUE(one_spins(pool));
    const std::vector<pid_t> awake = spinning(pool.worker_pids());
    kill(awake.front(), SIGKILL);
    ASSERT_TRUE(support::eventually([&] {
        const std::vector<pid_t> now = pool.worker_pids();
        return std::ranges::find(now, awake.front()) == now.end();
    }));
    pool.for_each_worker([] {});
    EXPECT_TRUE(one_spins(pool));
}

TEST(Spin, PoolsThatPayDoNotTakeTurns) {
    mp::Pool first({.processes = 1, .spin = 1h});
    mp::Pool second({.processes = 1, .spin = 1h});
    first.for_each_worker([] {});
    second.for_each_worker([] {});
    EXPECT_TRUE(one_spins(first));
    EXPECT_TRUE(one_spins(second));
}

TEST(Spin, NoWorkerStaysAwakeForNoTime) {
    mp::Pool pool({.processes = 2, .spin = 0ns});
    EXPECT_EQ(pool.map(twice, std::vector{1, 2, 3}), (std::vector{2, 4, 6}));
    EXPECT_EQ(pool.apply(twice, 4), 8);
}

TEST(Spin, APoolIsJoinedWhileAWorkerIsAwake) {
    mp::Pool pool({.processes = 2, .spin = std::chrono::nanoseconds::max()});
    EXPECT_EQ(pool.apply(twice, 4), 8);
    pool.close();
    pool.join();
}

TEST(Spin, ANegativeTimeIsRefused) {
    EXPECT_THROW(mp::Pool({.processes = 1, .spin = -1ns}), std::invalid_argument);
}

}  // namespace
