#include <atomic>
#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "life/life.hpp"

/// What is left of a pool that broke, until its owner lets go of it.
namespace {

using namespace std::chrono_literals;

life::Shared<std::atomic<int>> initialized;

void fail_in_replacements() {
    if (++*initialized > 2) {
        std::abort();
    }
}

void die_or_wait(bool dies) {
    if (dies) {
        std::abort();
    }
    life::wait_for_ever();
}

TEST(BrokenPool, HasAForkServerThatRestsThoughADeadlineWasNear) {
    *initialized = 0;
    procpool::Pool pool({.processes = 2, .initializer = &fail_in_replacements});
    const pid_t server = life::look_up(pool.worker_pids().front())->parent;
    auto waiting = pool.submit({.timeout = 100ms}, &die_or_wait, false);
    EXPECT_THROW(pool.submit(&die_or_wait, true).get(), procpool::WorkerDied);
    EXPECT_ANY_THROW(waiting.get());
    EXPECT_THROW(pool.apply(&die_or_wait, true), procpool::InitializerFailed);
    // Longer than until the deadline.
    EXPECT_TRUE(life::eventually([&] { return life::rests(server, 200ms); }, 30s));
}

}  // namespace
