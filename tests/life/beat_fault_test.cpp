// procpool_test: TIMEOUT 120 LABELS alone
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "engine/shared/steps.hpp"
#include "os/fault.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

/// A program that calls its pool at regular times: a worker is awake when it calls.
namespace {

using namespace std::chrono_literals;
using procpool::Pool;
using procpool::engine::Step;
using procpool::os::Call;

struct World {
    std::atomic<pid_t> client{0};
    std::atomic<int> wakes{0};             // of workers, by the client
    std::atomic<bool> interrupted{false};  // every second sleep of a worker ends early
    std::atomic<bool> deadly{false};       // the next worker that looks for a call dies
    std::atomic<int> deaths{0};
};
support::Shared<World> world;

int fault(Call call) {
    static int sleeps = 0;
    const bool in_client = ::getpid() == world->client;
    if (call == Call::futex_wake && in_client) {
        ++world->wakes;
    }
    const bool ends = call == Call::futex_wait && !in_client && world->interrupted;
    return ends && ++sleeps % 2 == 0 ? EINTR : 0;
}

/// A token that is taken after the worker was about to park is for the call that is due.
void die_looking(Step step, int /*worker*/) {
    static Step last = Step::worker_starts;
    const Step before = std::exchange(last, step);
    if (step == Step::token_taken && before == Step::parking && world->deadly.exchange(false)) {
        ++world->deaths;
        ::raise(SIGKILL);
    }
}

class RegularCalls : public testing::Test {
protected:
    void SetUp() override {
        if (procpool::usable_cpus() < 2) {
            GTEST_SKIP() << "nobody spins on a single CPU";
        }
        world->client = ::getpid();
        procpool::os::fault_hook = fault;
        procpool::engine::step_hook = die_looking;
        pool_.emplace(2);
    }
    void TearDown() override {
        world->interrupted = false;
        pool_.reset();
        procpool::engine::step_hook = nullptr;
        procpool::os::fault_hook = nullptr;
    }

    /// Rests and calls. True if the client had to wake nobody.
    bool call_in_time() {
        const auto begin = support::Clock::now();
        std::this_thread::sleep_for(10ms);
        rests_.push_back(support::Clock::now() - begin);
        world->wakes = 0;
        const auto called = support::Clock::now();
        EXPECT_EQ(pool_->apply([](int x) { return x + 1; }, 1), 2);
        calls_.push_back(support::Clock::now() - called);
        return world->wakes == 0;
    }
    /// Calls until half of ten found a worker awake. On a machine so busy that no rest is like
    /// another there is no beat to learn: skips the test.
    void learn() {
        const bool are_expected = support::eventually(
            [&] {
                int in_time = 0;
                for (int i = 0; i < 10; ++i) {
                    in_time += call_in_time();
                }
                return in_time >= 5 || are_irregular();
            },
            10s);
        if (are_irregular()) {
            GTEST_SKIP() << "this machine keeps no time";
        }
        ASSERT_TRUE(are_expected);
    }
    /// Was every fifth of the last hundred rests, or calls, unlike the others? A worker that has to
    /// wait for a CPU cannot be in time.
    [[nodiscard]] bool are_irregular() const {
        return varies(rests_, 100us) || varies(calls_, 200us);
    }
    [[nodiscard]] static bool varies(const std::vector<support::Clock::duration>& times,
                                     support::Clock::duration tolerance) {
        if (times.size() < 100) {
            return false;
        }
        std::vector<support::Clock::duration> last(times.end() - 100, times.end());
        std::sort(last.begin(), last.end());
        return last[80] - last[10] > tolerance;
    }

    std::optional<Pool> pool_;
    std::vector<support::Clock::duration> rests_, calls_;
};

TEST_F(RegularCalls, FindAWorkerThatLooksForThem) { learn(); }

TEST_F(RegularCalls, ThatEndLeaveThePoolAsleep) {
    learn();
    if (IsSkipped() || HasFatalFailure()) {
        return;
    }
    for (const pid_t worker : pool_->worker_pids()) {
        const auto busy = support::cpu_time(worker);
        ASSERT_TRUE(support::eventually([&] { return support::rests(worker, 500ms); }, 30s));
        EXPECT_LT(support::cpu_time(worker) - busy, 50ms);
    }
}

TEST_F(RegularCalls, AreNotLookedForBeforeTheirTimeIfASleepEndsEarly) {
    learn();
    if (IsSkipped() || HasFatalFailure()) {
        return;
    }
    world->interrupted = true;
    std::chrono::nanoseconds busy{0};
    for (const pid_t worker : pool_->worker_pids()) {
        busy -= support::cpu_time(worker);
    }
    for (int i = 0; i < 100; ++i) {
        call_in_time();
    }
    for (const pid_t worker : pool_->worker_pids()) {
        busy += support::cpu_time(worker);
    }
    EXPECT_LT(busy, 250ms);  // of a second and more
}

TEST_F(RegularCalls, SurviveTheDeathOfAWorkerThatLooksForThem) {
    learn();
    if (IsSkipped() || HasFatalFailure()) {
        return;
    }
    world->deadly = true;
    const bool known = support::eventually([&] {
        call_in_time();
        return world->deaths == 1 || are_irregular();
    });
    EXPECT_TRUE(known);
    if (are_irregular()) {
        GTEST_SKIP() << "this machine keeps no time";
    }
    EXPECT_EQ(world->deaths, 1);
    learn();
}

}  // namespace
