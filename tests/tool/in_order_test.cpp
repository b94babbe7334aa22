// procpool_test: LINK tool_app TIMEOUT 120
// Tasks in order on a pool, whatever happens to its workers.

#include "tool/in_order.hpp"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/processes.hpp"
#include "support/text.hpp"
#include "tool/exit.hpp"
#include "tool/workers.hpp"

namespace {

using namespace std::chrono_literals;
using support::contains;
using support::listed;
using tool::Stopped;
using InOrder = tool::InOrder<int, int>;

std::string name(const int& item) { return "task " + std::to_string(item); }

int take(InOrder& tasks) {
    for (;;) {
        if (const auto result = tasks.take(1s)) {
            return *result;
        }
    }
}

/// What is said when this task is waited for.
Stopped reason(InOrder& tasks) {
    try {
        take(tasks);
    } catch (const Stopped& stopped) {
        return stopped;
    }
    return {tool::done, "it was not stopped"};
}

InOrder that_squares(tool::Workers& workers) {
    return {workers,
            [&workers](const int& item, int) {
                return workers.pool().submit([](int x) { return x * x; }, item);
            },
            name};
}

TEST(ToolInOrder, HasResultsInTheOrderOfTheTasks) {
    tool::Workers workers(2);
    InOrder tasks = that_squares(workers);
    for (const int item : {2, 3, 4}) {
        tasks.give(item);
    }
    tasks.give_first(5);
    std::vector<int> results;
    while (!tasks.empty()) {
        results.push_back(take(tasks));
    }
    EXPECT_EQ(results, listed(25, 4, 9, 16));
}

TEST(ToolInOrder, ATaskWhoseWorkerDiesIsDoneAgainAndCounted) {
    tool::Workers workers(2);
    InOrder tasks(
        workers,
        [&workers](const int& item, int deaths) {
            const auto task = [](int x, int died) {
                if (x == 3 && died < 4) {
                    std::raise(SIGKILL);
                }
                return x;
            };
            return workers.pool().submit(task, item, deaths);
        },
        name);
    for (const int item : {1, 3, 2}) {
        tasks.give(item);
    }
    std::vector<int> results;
    while (!tasks.empty()) {
        results.push_back(take(tasks));
    }
    EXPECT_EQ(results, listed(1, 3, 2));
    EXPECT_EQ(workers.deaths(), 4U);
}

TEST(ToolInOrder, ATaskThatCostsFiveWorkersIsNamedAndGivenUp) {
    tool::Workers workers(2);
    InOrder tasks(
        workers,
        [&workers](const int& item, int) {
            const auto task = [](int x) {
                if (x == 7) {
                    std::raise(SIGKILL);
                }
                return x;
            };
            return workers.pool().submit(task, item);
        },
        name);
    for (const int item : {7, 8}) {
        tasks.give(item);
    }
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::failed);
    EXPECT_TRUE(contains(stopped.what(), {"task 7 lost its worker 5 times", "Killed"}));
    EXPECT_FALSE(contains(stopped.what(), "retries"));
    EXPECT_TRUE(support::eventually([&] {
        workers.look_around();
        return workers.deaths() == 5;
    }));
    EXPECT_EQ(take(tasks), 8) << "the others are not lost";
}

TEST(ToolInOrder, ATaskThatThrowsIsNamedWithWhatItSaid) {
    tool::Workers workers(1);
    InOrder tasks(
        workers,
        [&workers](const int&, int) {
            const auto task = []() -> int { throw std::out_of_range("no such row"); };
            return workers.pool().submit(task);
        },
        name);
    tasks.give(4);
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::failed);
    EXPECT_STREQ(stopped.what(), "task 4 failed: no such row");
}

TEST(ToolInOrder, ATaskThatTakesTooLongIsNamed) {
    tool::Workers workers(1);
    InOrder tasks(
        workers,
        [&workers](const int&, int) {
            const auto task = []() -> int {
                for (;;) {
                    ::pause();
                }
            };
            return workers.pool().submit(procpool::TaskOptions{.timeout = 10ms}, task);
        },
        name);
    tasks.give(4);
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::failed);
    EXPECT_TRUE(contains(stopped.what(), "task 4 took longer than --timeout"));
}

TEST(ToolInOrder, WithoutItsForkServerIsStoppedAndKeepsWhatIsReady) {
    tool::Workers workers(1);
    InOrder tasks(
        workers,
        [&workers](const int& item, int) {
            const auto task = [](int x) {
                if (x == 0) {
                    for (;;) {
                        ::pause();
                    }
                }
                return x;
            };
            return workers.pool().submit(task, item);
        },
        name);
    tasks.give(6);
    EXPECT_EQ(take(tasks), 6);
    tasks.give(0);
    EXPECT_FALSE(tasks.take(0s));
    for (const pid_t server : support::own_children()) {
        ::kill(server, SIGKILL);
    }
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::system_limit);
    EXPECT_TRUE(contains(stopped.what(), "worker processes are gone, and task 0"));
    EXPECT_FALSE(contains(stopped.what(), "new pool"));
    EXPECT_THROW(tasks.give(1), Stopped);
    tasks.take_what_is_ready([](const int&, int) { ADD_FAILURE() << "nothing was"; });
}

}  // namespace
