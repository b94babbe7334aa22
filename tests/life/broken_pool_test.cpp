#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

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

/// Nobody calls the pool, so nobody but the kernel tells them.
TEST(BrokenPool, HasNoWorkersThoughItsOwnerDoesNotLook) {
    procpool::Pool pool{3};
    const std::vector<pid_t> workers = pool.worker_pids();
    ASSERT_EQ(workers.size(), 3U);
    auto busy = pool.submit([] { support::spin_for_ever(); });
    ::kill(support::look_up(workers.front())->parent, SIGKILL);
    EXPECT_TRUE(support::eventually([&] {
        return std::none_of(workers.begin(), workers.end(),
                            [](pid_t worker) { return support::runs(worker); });
    }));
    try {
        busy.get();
        ADD_FAILURE();
    } catch (const procpool::PoolBroken& broken) {
        EXPECT_NE(std::string(broken.what()).find("its fork server died"), std::string::npos)
            << broken.what();
    }
}

}  // namespace
