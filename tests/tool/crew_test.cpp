// procpool_test: LINK tool_app TIMEOUT 120
// Tasks in order on a pool, whatever befalls its workers.

#include "tool/crew.hpp"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "life/life.hpp"

namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
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

InOrder that_squares(tool::Crew& crew) {
    return {crew,
            [&crew](const int& item, int) {
                return crew.pool().submit([](int x) { return x * x; }, item);
            },
            name};
}

TEST(ToolInOrder, HasResultsInTheOrderOfTheTasks) {
    tool::Crew crew(2);
    InOrder tasks = that_squares(crew);
    for (const int item : {2, 3, 4}) {
        tasks.give(item);
    }
    tasks.give_first(5);
    std::vector<int> results;
    while (!tasks.empty()) {
        results.push_back(take(tasks));
    }
    EXPECT_THAT(results, ElementsAre(25, 4, 9, 16));
}

TEST(ToolInOrder, ATaskWhoseWorkerDiesIsDoneAgainAndCounted) {
    tool::Crew crew(2);
    InOrder tasks(
        crew,
        [&crew](const int& item, int deaths) {
            const auto task = [](int x, int died) {
                if (x == 3 && died < 4) {
                    std::raise(SIGKILL);
                }
                return x;
            };
            return crew.pool().submit(task, item, deaths);
        },
        name);
    for (const int item : {1, 3, 2}) {
        tasks.give(item);
    }
    std::vector<int> results;
    while (!tasks.empty()) {
        results.push_back(take(tasks));
    }
    EXPECT_THAT(results, ElementsAre(1, 3, 2));
    EXPECT_EQ(crew.deaths(), 4U);
}

TEST(ToolInOrder, ATaskThatCostsFiveWorkersIsNamedAndGivenUp) {
    tool::Crew crew(2);
    InOrder tasks(
        crew,
        [&crew](const int& item, int) {
            const auto task = [](int x) {
                if (x == 7) {
                    std::raise(SIGKILL);
                }
                return x;
            };
            return crew.pool().submit(task, item);
        },
        name);
    for (const int item : {7, 8}) {
        tasks.give(item);
    }
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::failed);
    EXPECT_THAT(stopped.what(), AllOf(HasSubstr("task 7 lost its worker 5 times"),
                                      HasSubstr("Killed"), Not(HasSubstr("retries"))));
    EXPECT_TRUE(life::eventually([&] {
        crew.look_around();
        return crew.deaths() == 5;
    }));
    EXPECT_EQ(take(tasks), 8) << "the others are not lost";
}

TEST(ToolInOrder, ATaskThatThrowsIsNamedWithWhatItSaid) {
    tool::Crew crew(1);
    InOrder tasks(
        crew,
        [&crew](const int&, int) {
            const auto task = []() -> int { throw std::out_of_range("no such row"); };
            return crew.pool().submit(task);
        },
        name);
    tasks.give(4);
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::failed);
    EXPECT_STREQ(stopped.what(), "task 4 failed: no such row");
}

TEST(ToolInOrder, ATaskThatTakesTooLongIsNamed) {
    tool::Crew crew(1);
    InOrder tasks(
        crew,
        [&crew](const int&, int) {
            const auto task = []() -> int {
                for (;;) {
                    ::pause();
                }
            };
            return crew.pool().submit(procpool::TaskOptions{.timeout = 10ms}, task);
        },
        name);
    tasks.give(4);
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::failed);
    EXPECT_THAT(stopped.what(), HasSubstr("task 4 took longer than --timeout"));
}

TEST(ToolInOrder, WithoutItsForkServerIsStoppedAndKeepsWhatIsReady) {
    tool::Crew crew(1);
    InOrder tasks(
        crew,
        [&crew](const int& item, int) {
            const auto task = [](int x) {
                if (x == 0) {
                    for (;;) {
                        ::pause();
                    }
                }
                return x;
            };
            return crew.pool().submit(task, item);
        },
        name);
    tasks.give(6);
    EXPECT_EQ(take(tasks), 6);
    tasks.give(0);
    EXPECT_FALSE(tasks.take(0s));
    for (const pid_t server : life::own_children()) {
        ::kill(server, SIGKILL);
    }
    const Stopped stopped = reason(tasks);
    EXPECT_EQ(stopped.code, tool::system_limit);
    EXPECT_THAT(stopped.what(), AllOf(HasSubstr("worker processes are gone, and task 0"),
                                      Not(HasSubstr("new pool"))));
    EXPECT_THROW(tasks.give(1), Stopped);
    tasks.take_what_is_ready([](const int&, int) { ADD_FAILURE() << "nothing was"; });
}

TEST(ToolCrew, NamesTheLimitOfFilesWhenItLeavesNoMemoryToShare) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{.rlim_cur = 512, .rlim_max = 512};
        ::setrlimit(RLIMIT_FSIZE, &small);
        try {
            const tool::Crew crew(1);
        } catch (const tool::SystemLimit& limit) {
            ::_exit(std::string(limit.what()).find("ulimit -f") != std::string::npos ? 0 : 1);
        } catch (...) {
            ::_exit(2);
        }
        ::_exit(3);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

}  // namespace
