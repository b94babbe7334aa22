// Time in which everything stands still, whatever the fork server was doing just then.

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
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

class Standstill : public testing::Test {
protected:
    Standstill() {
        state->running = 0;
        state->go = 0;
        state->server = support::look_up(worker)->parent;
    }
    ~Standstill() override { procpool::os::fault_hook = nullptr; }

    void submit_item() {
        result_.emplace(pool_.submit({.timeout = timeout}, [] {
            ++state->running;
            support::await(state->go);
            return 7;
        }));
        support::await(state->running);
    }

    static void stop(pid_t process) {
        ::kill(process, SIGSTOP);
        await_stop_of(process);
    }
    static void await_stop_of(pid_t process) {
        ASSERT_TRUE(support::eventually([&] { return support::is_stopped(process); }));
    }

    /// Both are stopped: that goes on for longer than the timeout, and has not counted when the
    /// fork server has looked at the deadlines.
    void go_on_later_and_succeed() {
        std::this_thread::sleep_for(timeout + 200ms);
        const int looks = state->looks;
        ::kill(state->server, SIGCONT);
        ::kill(worker, SIGCONT);
        // By the second one it has looked at the deadlines.
        ASSERT_TRUE(support::eventually([&] { return state->looks >= looks + 2; }));
        ++state->go;
        EXPECT_EQ(result_->get(), 7);
    }

    static constexpr auto timeout = 2s;

private:
    /// Workers must have it: before they are forked.
    static procpool::Pool pool_with_hook() {
        procpool::os::fault_hook = stop_there;
        return procpool::Pool{1};
    }
    procpool::Pool pool_ = pool_with_hook();
    std::optional<procpool::AsyncResult<int>> result_;

protected:
    const pid_t worker = pool_.worker_pids().at(0);
};

TEST_F(Standstill, InTheMiddleOfTheServersWorkCostsNoTime) {
    submit_item();
    stop(worker);
    state->stop = true;
    await_stop_of(state->server);
    go_on_later_and_succeed();
}

TEST_F(Standstill, BeforeTheServerHasHeardOfTheItemCostsNoTime) {
    stop(state->server);
    submit_item();
    stop(worker);
    go_on_later_and_succeed();
}

}  // namespace
