// What waits in the kernel where no signal reaches it does not die of SIGKILL. Here the freezer of
// version 1 of control groups holds a worker so.

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/freezer.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::Clock;
using support::numbers;
using namespace std::chrono_literals;

namespace {

int wait_at_one(int x) {
    if (x == 1) {
        support::wait_for_ever();
    }
    return x;
}

class Uninterruptible : public testing::Test {
protected:
    void SetUp() override {
        if (!freezer.works()) {
            GTEST_SKIP() << "there is no freezer of control groups to write to";
        }
    }
    support::Freezer freezer;
};

}  // namespace

/// A worker that dies slowly, as one with much memory does, here because its debugger has not heard
/// of its death, is waited for: then its item may be tried again.
TEST(SlowDeath, IsNotTakenForNone) {
    const support::Shared<support::Counter> first;
    mp::Pool pool{1};
    auto late = pool.submit({.timeout = 500ms, .retries = 1}, [first = first.get()] {
        if (*first == 0) {
            *first = ::getpid();
            support::wait_for_ever();
        }
        return 7;
    });
    support::await(*first);
    if (::ptrace(PTRACE_SEIZE, first->load(), nullptr, nullptr) != 0) {
        GTEST_SKIP() << "ptrace is not permitted";
    }
    ASSERT_TRUE(support::eventually([&] { return support::look_up(*first)->state == 'Z'; }));
    EXPECT_FALSE(late.wait(1s)) << "longer than one may be dead that waits in the kernel";
    EXPECT_EQ(::waitpid(*first, nullptr, __WALL), first->load());
    EXPECT_EQ(late.get(), 7);
}

TEST_F(Uninterruptible, TaskIsTimedOutAndItsWorkerReplaced) {
    const support::Shared<support::Counter> stuck;
    mp::Pool pool{2};
    auto late = pool.submit({.timeout = 1000ms, .retries = 2}, [stuck = stuck.get()] {
        *stuck = ::getpid();
        support::wait_for_ever();
    });
    support::await(*stuck);
    freezer.freeze(*stuck);
    const auto began = Clock::now();
    EXPECT_THROW(late.get(), mp::TaskTimeout);
    EXPECT_LT(Clock::now() - began, 5s);
    EXPECT_TRUE(support::exists(*stuck));
    EXPECT_TRUE(support::eventually([&] { return pool.worker_pids().size() == 2; }));
    EXPECT_EQ(pool.map(wait_at_one, std::vector{0, 2}), (std::vector{0, 2}));
    freezer.thaw();
    EXPECT_TRUE(support::eventually([&] { return !support::exists(*stuck); }));
}

TEST_F(Uninterruptible, TaskDoesNotHoldUpTheEndOfThePool) {
    const support::Shared<support::Counter> stuck;
    auto pool = std::make_unique<mp::Pool>(2);
    auto pending = pool->submit([stuck = stuck.get()] {
        *stuck = ::getpid();
        support::wait_for_ever();
    });
    support::await(*stuck);
    freezer.freeze(*stuck);
    const auto began = Clock::now();
    pool.reset();
    EXPECT_LT(Clock::now() - began, 5s);
    EXPECT_THROW(pending.get(), mp::PoolTerminated);
    freezer.thaw();
    EXPECT_TRUE(support::eventually([&] { return !support::runs(*stuck); }));
}
