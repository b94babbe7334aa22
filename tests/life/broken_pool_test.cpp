#include <atomic>
#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

/// What is left of a pool that broke, until its owner lets go of it.
namespace {

using namespace std::chrono_literals;

support::Shared<std::atomic<int>> initialized;

void fail_in_replacements() {
    if (++*initialized > 2) {
        std::abort();
    }
}

void die_or_wait(bool dies) {
    if (dies) {
        std::abort();
    }
    support::wait_for_ever();
}

TEST(BrokenPool, HasAForkServerThatRestsThoughADeadlineWasNear) {
    *initialized = 0;
    procpool::Pool pool({.processes = 2, .initializer = &fail_in_replacements});
    const pid_t server = support::look_up(pool.worker_pids().front())->parent;
    auto waiting = pool.submit({.timeout = 100ms}, &die_or_wait, false);
    EXPECT_THROW(pool.submit(&die_or_wait, true).get(), procpool::WorkerDied);
    EXPECT_ANY_THROW(waiting.get());
    EXPECT_THROW(pool.apply(&die_or_wait, true), procpool::InitializerFailed);
    // Longer than until the deadline.
    EXPECT_TRUE(support::eventually([&] { return support::rests(server, 200ms); }, 30s));
}

}  // namespace
