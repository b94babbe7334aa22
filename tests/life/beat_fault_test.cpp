// procpool_test: TIMEOUT 120
#include <atomic>
#include <chrono>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "life/life.hpp"
#include "os/fault.hpp"

/// A program that calls its pool at regular times: a worker is awake when it calls.
namespace {

using namespace std::chrono_literals;
using procpool::Pool;

std::atomic<pid_t> client{0};
std::atomic<int> wakes{0};

int count_wakes(procpool::os::Call call) {
    if (call == procpool::os::Call::futex_wake && ::getpid() == client.load()) wakes.fetch_add(1);
    return 0;
}

class RegularCalls : public testing::Test {
protected:
    void SetUp() override {
        if (procpool::usable_cpus() < 2) GTEST_SKIP() << "nobody spins on a single CPU";
        client = ::getpid();
        procpool::os::fault_hook = count_wakes;
    }
    void TearDown() override { procpool::os::fault_hook = nullptr; }

    /// Rests and calls. True if the client had to wake nobody.
    bool call_in_time(std::chrono::milliseconds rest) {
        std::this_thread::sleep_for(rest);
        wakes = 0;
        EXPECT_EQ(pool_.apply([](int x) { return x + 1; }, 1), 2);
        return wakes == 0;
    }
    [[nodiscard]] bool is_heard() {
        return life::eventually([&] { return call_in_time(10ms); }, 60s);
    }

    Pool pool_{2};
};

TEST_F(RegularCalls, FindAWorkerThatLooksForThem) {
    for (int times = 0; times < 5; ++times) EXPECT_TRUE(is_heard());
}

TEST_F(RegularCalls, ThatEndLeaveThePoolAsleep) {
    ASSERT_TRUE(is_heard());
    for (const pid_t worker : pool_.worker_pids()) {
        const long before = life::sleeps(worker);
        ASSERT_TRUE(life::eventually([&] { return life::rests(worker, 500ms); }, 30s));
        // Until the call was due, and for good.
        EXPECT_LE(life::sleeps(worker) - before, 2);
    }
}

}  // namespace
