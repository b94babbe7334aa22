// What a worker is to the rest of the machine: to who sends signals to all of a program, to ps, to
// the memory killer.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::listed;
using support::numbers;
using namespace std::chrono_literals;

namespace {

/// The program has a handler for a signal while this exists.
class Handled {
public:
    explicit Handled(int number, void (*handler)(int) = [](int) {}) : number_(number) {
        std::signal(number, handler);
    }
    Handled(const Handled&) = delete;
    Handled& operator=(const Handled&) = delete;
    ~Handled() { std::signal(number_, SIG_DFL); }

private:
    int number_;
};

std::string of_process(pid_t pid, const std::string& file) {
    return support::content_of("/proc/" + std::to_string(pid) + "/" + file);
}

/// Has the only worker of a pool work once more, and rest behind it: then it looks for children
/// that have ended.
void let_it_rest(mp::Pool& pool) {
    pool.apply([] {});
    const pid_t worker = pool.worker_pids().at(0);
    ASSERT_TRUE(support::eventually([&] { return support::rests(worker, 5ms); }));
}

}  // namespace

TEST(Signals, ThatTheProgramHandlesCostNoItem) {
    const Handled hangup(SIGHUP);
    const Handled termination(SIGTERM);
    const Handled user(SIGRTMIN + 1);
    struct State {
        support::Counter running{0};
        support::Counter sent{0};
    };
    const support::Shared<State> state;
    mp::Pool pool{2};
    auto pending = pool.map_async(
        [state = state.get()](int x) {
            ++state->running;
            support::await(state->sent);
            return x;
        },
        numbers(4));
    support::await(state->running, 2);
    for (const pid_t worker : pool.worker_pids()) {
        for (const int signal : {SIGHUP, SIGTERM, SIGRTMIN + 1}) {
            ::kill(worker, signal);
        }
    }
    ++state->sent;
    EXPECT_EQ(pending.get(), numbers(4));
}

TEST(Signals, ThatTheProgramHandlesHaveTheirDefaultActionInProgramsThatATaskStarts) {
    const Handled user(SIGUSR1);
    mp::Pool pool{1};
    const int status = pool.apply([] { return std::system("kill -USR1 $$"); });
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
}

TEST(Signals, ThatTheProgramHandlesMayBeHandledByTasks) {
    const Handled user(SIGUSR1);
    static volatile std::sig_atomic_t got = 0;
    mp::Pool pool{
        {.processes = 1, .initializer = [] { std::signal(SIGUSR1, [](int) { got = 1; }); }}};
    EXPECT_EQ(pool.apply([] {
        std::raise(SIGUSR1);
        return static_cast<int>(got);
    }),
              1);
}

TEST(Signals, ThatTheProgramDoesNotHandleEndAWorker) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply([] { std::raise(SIGUSR1); }), mp::WorkerDied);
}

TEST(Worker, HasANameOfItsOwn) {
    mp::Pool pool{2};
    std::vector<std::string> names;
    for (const pid_t worker : pool.worker_pids()) {
        EXPECT_TRUE(support::eventually(
            [&] { return of_process(worker, "comm").starts_with("procpool w"); }));
        names.push_back(of_process(worker, "comm"));
    }
    EXPECT_EQ(names, listed("procpool w0\n", "procpool w1\n"));
}

TEST(Worker, IsOfferedToTheMemoryKillerBeforeTheProgram) {
    const int mine = std::stoi(of_process(::getpid(), "oom_score_adj"));
    mp::Pool pool{1};
    const int of_worker =
        pool.apply([] { return std::stoi(of_process(::getpid(), "oom_score_adj")); });
    EXPECT_EQ(of_worker, std::min(1000, mine + 700));
    EXPECT_EQ(std::stoi(of_process(::getpid(), "oom_score_adj")), mine);
}

TEST(Worker, LeavesTheStatusOfAChildToTheThreadThatStartedIt) {
    struct State {
        support::Counter rested{0};
        support::Counter status{-1};
    };
    const support::Shared<State> state;
    mp::Pool pool{1};
    pool.apply([state = state.get()] {
        std::thread([state] {
            std::FILE* const pipe = ::popen("exit 3", "r");
            support::await(state->rested);
            state->status = WEXITSTATUS(::pclose(pipe));
        }).detach();
    });
    ASSERT_TRUE(support::eventually([&] {
        const auto children = support::children_of(pool.worker_pids().at(0));
        return !children.empty() && std::ranges::none_of(children, support::runs);
    }));
    let_it_rest(pool);
    state->rested = 1;
    EXPECT_TRUE(support::eventually([&] { return state->status != -1; }));
    EXPECT_EQ(state->status, 3);
}

TEST(Worker, LeavesTheStatusOfAChildToALaterTask) {
    mp::Pool pool{1};
    const pid_t child = pool.apply([] {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::_exit(3);
        }
        return pid;
    });
    ASSERT_TRUE(support::eventually([&] {
        const auto process = support::look_up(child);
        return process && !process->runs();
    }));
    let_it_rest(pool);
    EXPECT_EQ(pool.apply(
                  [](pid_t pid) {
                      int status = 0;
                      return ::waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : -1;
                  },
                  child),
              3);
}

TEST(Worker, ReapsADaemonThatItAdopted) {
    const support::Shared<support::Counter> daemon;
    mp::Pool pool{1};
    pool.apply([daemon = daemon.get()] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setsid();
            if (::fork() == 0) {
                *daemon = ::getpid();
            }
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
    });
    support::await(*daemon);
    EXPECT_TRUE(support::eventually([&] {
        let_it_rest(pool);
        return !support::exists(*daemon);
    }));
}
