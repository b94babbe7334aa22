// Time in which everything stands still, whatever the fork server was doing just then.

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "os/fault.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace {

using namespace std::chrono_literals;
using procpool::os::Call;

struct State {
    support::Counter running{0};
    support::Counter go{0};
    std::atomic<pid_t> server{0};
    std::atomic<bool> stop{false};
    std::atomic<int> looks{0};  ///< of the server, for children that have ended
};
support::Shared<State> state;

/// It looks for the dead in the middle of its work: behind its sleep, before it looks at deadlines.
int stop_there(Call call) {
    if (call == Call::wait_child && ::getpid() == state->server) {
        ++state->looks;
        if (state->stop.exchange(false)) {
            ::kill(::getpid(), SIGSTOP);
        }
    }
    return 0;
}

TEST(Standstill, InTheMiddleOfTheServersWorkCostsNoTime) {
    constexpr auto timeout = 2s;
    procpool::os::fault_hook = stop_there;
    procpool::Pool pool{1};
    const pid_t worker = pool.worker_pids().at(0);
    state->server = support::look_up(worker)->parent;
    auto result = pool.submit({.timeout = timeout}, [] {
        ++state->running;
        support::await(state->go);
        return 7;
    });
    support::await(state->running);
    ::kill(worker, SIGSTOP);
    ASSERT_TRUE(support::eventually([&] { return support::is_stopped(worker); }));
    state->stop = true;
    ASSERT_TRUE(support::eventually([&] { return support::is_stopped(state->server); }));
    std::this_thread::sleep_for(timeout + 200ms);  // what is not to count
    const int looks = state->looks;
    ::kill(state->server, SIGCONT);
    ::kill(worker, SIGCONT);
    // By the second one it has looked at the deadlines.
    ASSERT_TRUE(support::eventually([&] { return state->looks >= looks + 2; }));
    ++state->go;
    EXPECT_EQ(result.get(), 7);
    procpool::os::fault_hook = nullptr;
}

TEST(Standstill, BeforeTheServerHasHeardOfTheItemCostsNoTime) {
    constexpr auto timeout = 1s;
    procpool::os::fault_hook = stop_there;
    procpool::Pool pool{1};
    const pid_t worker = pool.worker_pids().at(0);
    state->running = 0;
    state->go = 0;
    state->server = support::look_up(worker)->parent;
    ::kill(state->server, SIGSTOP);
    ASSERT_TRUE(support::eventually([&] { return support::is_stopped(state->server); }));
    auto result = pool.submit({.timeout = timeout}, [] {
        ++state->running;
        support::await(state->go);
        return 7;
    });
    support::await(state->running);
    ::kill(worker, SIGSTOP);
    ASSERT_TRUE(support::eventually([&] { return support::is_stopped(worker); }));
    std::this_thread::sleep_for(timeout + 200ms);
    const int looks = state->looks;
    ::kill(state->server, SIGCONT);
    ::kill(worker, SIGCONT);
    ASSERT_TRUE(support::eventually([&] { return state->looks >= looks + 2; }));
    ++state->go;
    EXPECT_EQ(result.get(), 7);
    procpool::os::fault_hook = nullptr;
}

}  // namespace
