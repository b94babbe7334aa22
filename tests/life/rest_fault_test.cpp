// procpool_test: TIMEOUT 120
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "os/fault.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"

/// A program that calls its pool now and then: its fork server sleeps until it is poked.
namespace {

using namespace std::chrono_literals;
using procpool::Pool;

std::atomic<pid_t> client{0};
std::atomic<int> pokes{0};

/// Every byte that this process writes through the seam is a poke.
int count_pokes(procpool::os::Call call) {
    if (call == procpool::os::Call::write && ::getpid() == client.load()) {
        pokes.fetch_add(1);
    }
    return 0;
}

class RestingServer : public testing::Test {
protected:
    void SetUp() override {
        client = ::getpid();
        procpool::os::fault_hook = count_pokes;
        // Longer than between two looks.
        ASSERT_TRUE(support::eventually([&] { return support::rests(server_, 200ms); }, 30s));
        pokes = 0;
    }
    void TearDown() override { procpool::os::fault_hook = nullptr; }

    Pool pool_{2};
    const pid_t server_ = support::look_up(pool_.worker_pids().front())->parent;
};

TEST_F(RestingServer, IsPokedOnceForManyJobsThatAreDoneBeforeItLooks) {
    constexpr int jobs = 20;
    for (int i = 0; i < jobs; ++i) {
        ::kill(server_, SIGSTOP);
        ASSERT_EQ(pool_.submit([](int x) { return x + 1; }, i).get(), i + 1);
        ::kill(server_, SIGCONT);
        ASSERT_TRUE(support::eventually([&] { return support::look_up(server_)->state == 'S'; }));
    }
    // Again only if all this took seconds.
    EXPECT_GE(pokes, 1);
    EXPECT_LT(pokes, jobs / 2);
}

TEST_F(RestingServer, IsPokedByAWaitThatLasts) {
    pool_.apply([] { std::this_thread::sleep_for(200ms); });
    EXPECT_GE(pokes, 1);
}

TEST_F(RestingServer, IsNotPokedByShortCalls) {
    constexpr int calls = 200;
    int longer = 0;  // on a busy machine some are
    for (int i = 0; i < calls; ++i) {
        const auto begin = support::Clock::now();
        ASSERT_EQ(pool_.apply([](int x) { return x + 1; }, i), i + 1);
        if (support::Clock::now() - begin > 20us) {
            ++longer;
        }
    }
    EXPECT_LE(pokes, longer);
}

}  // namespace
