#include <algorithm>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/shared.hpp"

namespace {

using support::Clock;
using support::Program;
using namespace std::chrono_literals;

using Words = std::vector<std::string>;

class Stop : public testing::TestWithParam<Words> {
protected:
    /// A program in the middle of its map; `workers` are told.
    [[nodiscard]] static std::vector<pid_t> await_ready(Program& program) {
        std::vector<pid_t> workers;
        for (std::string line = program.line(); line != "ready"; line = program.line()) {
            if (line.empty()) {
                ADD_FAILURE() << "the program is not ready";
                return workers;
            }
            workers.push_back(std::stoi(line));
        }
        EXPECT_EQ(workers.size(), 2U);
        return workers;
    }
    static bool all_stopped(const std::vector<pid_t>& pids) {
        return std::all_of(pids.begin(), pids.end(), support::is_stopped);
    }
    static bool none_stopped(const std::vector<pid_t>& pids) {
        return std::none_of(pids.begin(), pids.end(), support::is_stopped);
    }
    /// As the terminal does it at Ctrl-Z, and `fg` after so long.
    static void stop_for(Program& program, const std::vector<pid_t>& workers,
                         Clock::duration time) {
        const auto pressed = Clock::now();
        program.signal_group(SIGTSTP);
        ASSERT_TRUE(support::eventually([&] { return support::is_stopped(program.pid()); }));
        ASSERT_TRUE(support::eventually([&] { return all_stopped(workers); }));
        std::cout << "workers stopped after " << support::milliseconds(Clock::now() - pressed)
                  << " ms";
        std::this_thread::sleep_until(pressed + time);
        EXPECT_TRUE(all_stopped(workers));
        const auto resumed = Clock::now();
        program.signal_group(SIGCONT);
        ASSERT_TRUE(support::eventually([&] { return none_stopped(workers); }));
        std::cout << ", went on after " << support::milliseconds(Clock::now() - resumed) << " ms\n";
    }
};

TEST_P(Stop, TakesTheWorkersAlongAndCostsNoTime) {
    Program program("life/stop", GetParam());
    const auto workers = await_ready(program);
    stop_for(program, workers, 1200ms);  // longer than the timeout
    EXPECT_EQ(program.line(), "results 2");
}

TEST_P(Stop, TwiceDuringOneItemCostsNoTimeEither) {
    Program program("life/stop", GetParam());
    const auto workers = await_ready(program);
    stop_for(program, workers, 900ms);
    stop_for(program, workers, 900ms);
    EXPECT_EQ(program.line(), "results 2");
}

TEST_P(Stop, DoesNotKeepTheWorkersAliveWhenTheClientIsKilled) {
    Program program("life/stop", GetParam());
    const auto workers = await_ready(program);
    program.signal_group(SIGTSTP);
    ASSERT_TRUE(support::eventually([&] { return all_stopped(workers); }));
    program.kill();
    EXPECT_TRUE(support::eventually([&] { return program.offspring().empty(); }));
}

INSTANTIATE_TEST_SUITE_P(, Stop, testing::Values(Words{}, Words{"threads"}, Words{"handles"}),
                         [](const auto& test) {
                             return test.param.empty() ? "Plain" : test.param.front();
                         });

TEST(StopIgnored, LeavesTheWorkersAtWork) {
    Program program("life/stop", {"ignores"});
    for (std::string line = program.line(); line != "ready"; line = program.line()) {
        ASSERT_FALSE(line.empty());
    }
    program.signal_group(SIGTSTP);
    EXPECT_EQ(program.line(), "results 2");
}

/// Nobody is left to follow the client: the freezer of a container, a job scheduler and a debugger
/// stop them all.
TEST(StopOfAllProcesses, CostsNoTime) {
    struct State {
        support::Counter running{0};
        support::Counter go{0};
    };
    const support::Shared<State> state;
    procpool::Pool pool{2};
    std::vector<pid_t> all = pool.worker_pids();
    all.push_back(support::look_up(all.front())->parent);
    auto result = pool.submit({.timeout = 2500ms}, [state = state.get()] {
        ++state->running;
        support::await(state->go);
        return 7;
    });
    support::await(state->running);
    for (const pid_t process : all) {
        ::kill(process, SIGSTOP);
    }
    ASSERT_TRUE(support::eventually(
        [&] { return std::all_of(all.begin(), all.end(), support::is_stopped); }));
    std::this_thread::sleep_for(2700ms);  // longer than the timeout
    std::for_each(all.rbegin(), all.rend(), [](pid_t process) { ::kill(process, SIGCONT); });
    // Once another item is killed for its time, the fork server has looked at all deadlines.
    EXPECT_THROW(
        pool.apply(procpool::TaskOptions{.timeout = 20ms}, [] { support::wait_for_ever(); }),
        procpool::TaskTimeout);
    ++state->go;
    EXPECT_EQ(result.get(), 7);
}

TEST(StopOfAllProcesses, EndsNoTimeout) {
    procpool::Pool pool{1};
    std::vector<pid_t> all = pool.worker_pids();
    all.push_back(support::look_up(all.front())->parent);
    auto result = pool.submit({.timeout = 500ms}, [] { support::wait_for_ever(); });
    for (const pid_t process : all) {
        ::kill(process, SIGSTOP);
    }
    std::this_thread::sleep_for(300ms);
    std::for_each(all.rbegin(), all.rend(), [](pid_t process) { ::kill(process, SIGCONT); });
    EXPECT_THROW(result.get(), procpool::TaskTimeout);
}

}  // namespace
