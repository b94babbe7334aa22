#include "os/barrier.hpp"

#include <array>
#include <atomic>
#include <csignal>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace procpool::os {
namespace {

constexpr std::size_t rounds = 5'000;

struct Round {
    std::atomic<int> here{0};  ///< processes that have come to it
    alignas(64) std::atomic<int> theirs{0};
    alignas(64) std::atomic<int> ours{0};
    int seen_by_them = 0;
    int seen_by_us = 0;
};

struct Race {
    std::atomic<bool> joined{false};
    std::atomic<bool> cannot{false};
    std::array<Round, rounds> each;
};

void meet(Round& round) {
    ++round.here;
    const support::Bound bound(support::patience);
    for (int turn = 0; round.here < 2; ++turn) {
        if (turn > 10'000 && !bound.pause()) {  // the other one waits for this CPU, or is dead
            std::abort();
        }
    }
}

/// Stores and loads without a barrier of its own, as a worker does before each item.
void run_without_barriers(Race& race) {
    if (!join_barriers()) {
        race.cannot = true;
        return;
    }
    race.joined = true;
    for (Round& round : race.each) {
        meet(round);
        round.theirs.store(1, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        round.seen_by_them = round.ours.load(std::memory_order_relaxed);
    }
}

TEST(MemoryBarrierInAll, OrdersTheStoresOfAnotherProcessWithItsLoads) {
    const support::Shared<Race> race;
    const pid_t child = ::fork();
    if (child == 0) {
        run_without_barriers(*race);
        ::_exit(0);
    }
    ASSERT_TRUE(support::eventually([&] { return race->joined || race->cannot; }));
    int neither_saw = 0;
    bool had = true;
    for (Round& round : race->each) {
        if (race->cannot) {
            break;
        }
        meet(round);
        round.ours.store(1, std::memory_order_relaxed);
        had = memory_barrier_in_all() && had;
        round.seen_by_us = round.theirs.load(std::memory_order_relaxed);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    if (race->cannot) {
        GTEST_SKIP() << "this kernel has no such barrier";
    }
    EXPECT_TRUE(had);
    for (const Round& round : race->each) {
        neither_saw += round.seen_by_them == 0 && round.seen_by_us == 0 ? 1 : 0;
    }
    EXPECT_EQ(neither_saw, 0);
}

}  // namespace
}  // namespace procpool::os
