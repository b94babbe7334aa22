// procpool_test: TIMEOUT 120
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "os/at_fork.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace {

using namespace std::chrono_literals;
using procpool::AsyncResult;
using procpool::Pool;
using procpool::PoolClosed;
using procpool::PoolTerminated;
using procpool::WorkerDied;
using support::numbers;

int square(int i) { return i * i; }

/// Nothing is left of what `act` does again and again, once the first rounds have warmed up
/// allocators and caches.
template <class Act>
void leaves_nothing_behind(int rounds, Act act) {
    for (int i = 0; i < 3; ++i) {
        act(i);
    }
    const support::Holdings before;
    for (int i = 0; i < rounds && !testing::Test::HasFailure(); ++i) {
        act(i);
    }
    EXPECT_EQ(support::Holdings(), before);
}

// Whatever escapes a pool becomes a child of this process and is seen. Only for clients with one
// thread: see SigchldTest.
class Leak : public testing::Test {
protected:
    Leak() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
    ~Leak() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

TEST_F(Leak, ThousandPoolsMadeUsedAndDropped) {
    leaves_nothing_behind(sanitized ? 60 : 1000, [](int i) {
        Pool pool{1 + i % 3};
        EXPECT_EQ(pool.apply(square, i), i * i);
    });
}

TEST_F(Leak, PoolsMadeWhileThereAreThreads) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    const std::jthread other([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            ::usleep(1000);
        }
    });
    leaves_nothing_behind(50, [](int i) {
        Pool pool{2};
        EXPECT_EQ(pool.apply(square, i), i * i);
    });
}

TEST_F(Leak, PoolsDroppedWhileTheyWork) {
    leaves_nothing_behind(50, [](int) {
        Pool pool{2};
        auto slow = pool.map_async([](int) { support::wait_for_ever(); }, numbers(20));
        auto quick = pool.map_async(square, numbers(20));
    });
}

TEST_F(Leak, PoolsDroppedWhileTasksHaveDescendants) {
    leaves_nothing_behind(20, [](int) {
        const support::Shared<support::Roll> shared;
        static support::Roll* roll = nullptr;
        roll = shared.get();
        Pool pool{2};
        auto result = pool.map_async(
            [](int) {
                support::start_child(*roll);
                support::start_daemon(*roll);
                support::wait_for_ever();
            },
            numbers(20));
        EXPECT_TRUE(support::eventually([] { return roll->size() == 4; }));
        pool.terminate();
        EXPECT_THROW(result.get(), PoolTerminated);
        for (const pid_t pid : roll->pids()) {
            EXPECT_FALSE(support::exists(pid));
        }
    });
}

TEST_F(Leak, PoolsWhoseWorkersDie) {
    leaves_nothing_behind(20, [](int) {
        Pool pool{2};
        for (const auto& outcome : pool.try_map(
                 [](int i) {
                     if (i % 3 == 0) {
                         std::_Exit(i);
                     }
                 },
                 numbers(20))) {
            static_cast<void>(outcome);
        }
    });
}

TEST_F(Leak, ResultsThatOutliveTheirPool) {
    leaves_nothing_behind(50, [](int i) {
        std::vector<AsyncResult<int>> done, pending;
        {
            Pool pool{2};
            done.push_back(pool.submit(square, i));
            EXPECT_TRUE(done[0].wait(10s));
            pending.push_back(pool.submit([] {
                support::wait_for_ever();
                return 1;
            }));
        }
        EXPECT_EQ(done[0].get(), i * i);
        EXPECT_TRUE(pending[0].ready());
        EXPECT_THROW(pending[0].get(), PoolTerminated);
    });
}

TEST_F(Leak, ResultsDroppedBeforeTheyCome) {
    leaves_nothing_behind(20, [](int) {
        Pool pool{2};
        for (int i = 0; i < 20; ++i) {
            static_cast<void>(pool.submit(square, i));
        }
        EXPECT_EQ(pool.apply(square, 3), 9);
    });
}

TEST_F(Leak, MovedPools) {
    leaves_nothing_behind(20, [](int i) {
        Pool first{1};
        auto result = first.submit(square, i);
        Pool second(std::move(first));
        EXPECT_EQ(result.get(), i * i);
        EXPECT_EQ(second.apply(square, 2), 4);
        Pool third{1};
        auto lost = third.submit([] { support::wait_for_ever(); });
        third = std::move(second);  // ends what third was
        EXPECT_THROW(lost.get(), PoolTerminated);
        EXPECT_EQ(third.apply(square, 3), 9);
        std::vector<Pool> pools;
        for (int k = 0; k < 3; ++k) {
            pools.emplace_back(1);
        }
        pools.erase(pools.begin());
        EXPECT_EQ(pools[0].apply(square, 4), 16);
    });
}

TEST_F(Leak, EndingsInAnyOrder) {
    leaves_nothing_behind(1, [](int) {
        enum Step { close, join, terminate };
        std::vector<Step> steps{close, close, join, join, terminate, terminate};
        if (sanitized) {
            steps = {close, join, terminate};
        }
        do {
            Pool pool{1};
            auto result = pool.submit(square, 3);
            bool closed = false;
            bool ended = false;
            for (const Step step : steps) {
                if (step == join && !closed && !ended) {
                    EXPECT_THROW(pool.join(), std::logic_error);
                    continue;
                }
                step == close ? pool.close() : step == join ? pool.join() : pool.terminate();
                closed = closed || step == close;
                ended = ended || step == terminate;
                if (ended && !closed) {
                    EXPECT_THROW(pool.apply(square, 1), PoolTerminated);
                } else if (!ended) {
                    EXPECT_THROW(pool.apply(square, 1), PoolClosed);
                } else {
                    EXPECT_ANY_THROW(pool.apply(square, 1));
                }
                if (step == join) {
                    EXPECT_TRUE(result.ready());
                    const auto pids = pool.worker_pids();
                    EXPECT_TRUE(std::none_of(pids.begin(), pids.end(), support::exists));
                }
            }
            EXPECT_TRUE(result.ready());
        } while (std::next_permutation(steps.begin(), steps.end()));
    });
}

TEST_F(Leak, PoolsInPools) {
    leaves_nothing_behind(10, [](int) {
        Pool pool{2};
        const auto sums = pool.map(
            [](int i) {
                Pool inner{2};
                const auto squares = inner.map(square, numbers(i + 1));
                return std::accumulate(squares.begin(), squares.end(), 0);
            },
            numbers(4));
        EXPECT_EQ(sums, (std::vector{0, 1, 5, 14}));
    });
}

// A forked child ---------------------------------------------------------------------------------

TEST(ForkedChild, CannotUseThePoolAndLeavesItAlone) {
    auto pool = std::make_unique<Pool>(2);
    auto result = std::make_unique<AsyncResult<int>>(pool->submit(square, 5));
    const auto workers = pool->worker_pids();
    const auto refused = [&](auto&& call) {
        try {
            call();
            return false;
        } catch (const std::logic_error&) {
            return true;
        }
    };
    EXPECT_EQ(support::status_of_child([&] {
                  const bool all = refused([&] { pool->map(square, numbers(20)); }) &&
                                   refused([&] { pool->apply(square, 1); }) &&
                                   refused([&] { static_cast<void>(pool->submit(square, 1)); }) &&
                                   refused([&] { pool->close(); }) &&
                                   refused([&] { pool->join(); }) &&
                                   refused([&] { static_cast<void>(pool->worker_pids()); }) &&
                                   refused([&] { result->get(); }) &&
                                   refused([&] { static_cast<void>(result->ready()); });
                  result.reset();
                  pool.reset();
                  return all;
              }),
              0);
    EXPECT_EQ(pool->worker_pids(), workers);
    EXPECT_EQ(result->get(), 25);
    EXPECT_EQ(pool->map(square, numbers(3)), (std::vector{0, 1, 4}));
}

TEST(ForkedChild, TerminatesNothing) {
    Pool pool{2};
    auto result = pool.submit([] {
        ::usleep(50'000);
        return 7;
    });
    EXPECT_EQ(support::status_of_child([&] {
                  try {
                      pool.terminate();
                  } catch (const std::logic_error&) {
                  }
                  return true;
              }),
              0);
    EXPECT_EQ(result.get(), 7);
}

TEST(ForkedChild, MayHavePoolsOfItsOwn) {
    Pool pool{2};
    procpool::shared_vector<int> parents(1000, 1);
    EXPECT_EQ(support::status_of_child([&] {
                  Pool own{2};
                  procpool::shared_vector<int> mine(100, 3);
                  return own.map(square, numbers(3)) == std::vector{0, 1, 4} &&
                         own.map(square, mine) == std::vector<int>(100, 9);
              }),
              0);
    EXPECT_EQ(pool.apply(square, 6), 36);
}

TEST(ForkedChild, ThatExitsLeavesThePoolAlone) {
    static Pool pool{2};  // its destructor runs at exit
    const pid_t child = ::fork();
    if (child == 0) {
        std::exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(pool.map(square, numbers(3)), (std::vector{0, 1, 4}));
    pool.terminate();
}

// The program's own children ---------------------------------------------------------------------

std::atomic<int> sigchld_seen{0};
std::atomic<int> reaped_by_handler{0};

void handle_sigchld(int) {
    const int error = errno;
    ++sigchld_seen;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        ++reaped_by_handler;
    }
    errno = error;
}

class Sigchld : public testing::TestWithParam<bool> {
protected:
    Sigchld() {
        sigchld_seen = reaped_by_handler = 0;
        ::signal(SIGCHLD, handle_sigchld);
        if (GetParam()) {
            other_ = std::jthread([](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    ::usleep(500);
                }
            });
        }
    }
    /// With threads, where code of others may have handlers for forks: then a child between may be
    /// seen. A sanitizer of clang has some.
    [[nodiscard]] static bool may_see_forks(bool with_threads = GetParam()) {
        return with_threads && procpool::os::others_may_run_at_fork();
    }
    ~Sigchld() override {
        other_ = {};
        ::signal(SIGCHLD, SIG_DFL);
    }

private:
    std::jthread other_;
};

TEST_P(Sigchld, IsNeverDeliveredForOurProcesses) {
    if (may_see_forks()) {
        GTEST_SKIP() << "this program has handlers that run when it forks";
    }
    for (int round = 0; round < 10; ++round) {
        Pool pool{2};
        EXPECT_EQ(pool.apply(square, 3), 9);
        EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
        EXPECT_EQ(pool.apply(square, 4), 16);
    }
    EXPECT_EQ(sigchld_seen, 0);
    EXPECT_EQ(reaped_by_handler, 0);
}

TEST_P(Sigchld, HandlerThatReapsEverythingDoesNotDisturb) {
    Pool pool{2};
    // Children of the program come and go all the time.
    std::jthread forker([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (::fork() == 0) {
                std::_Exit(0);
            }
            ::usleep(1000);
        }
    });
    for (int round = 0; round < 20; ++round) {
        Pool other{1};
        EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
        EXPECT_EQ(pool.map(square, numbers(3)), (std::vector{0, 1, 4}));
        EXPECT_EQ(other.apply(square, round), round * round);
    }
    forker = {};
    while (::wait(nullptr) > 0 || errno == EINTR) {  // the last of them, which the next test counts
    }
}

TEST_P(Sigchld, WaitSeesNoChildOfOurs) {
    ::signal(SIGCHLD, SIG_DFL);
    Pool pool{2};
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    // The program's own child is all that a wait for any child finds.
    const pid_t child = ::fork();
    if (child == 0) {
        std::_Exit(3);
    }
    EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
    pool.terminate();
    int status = 0;
    EXPECT_EQ(::wait(&status), child);
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_EQ(::wait(nullptr), -1);
}

TEST_P(Sigchld, WaitOfAnotherThreadSeesNoneWhilePoolsComeAndGo) {
    if (may_see_forks(true)) {
        GTEST_SKIP() << "this program has handlers that run when it forks";
    }
    ::signal(SIGCHLD, SIG_DFL);
    std::array<int, 2> hold{};
    ASSERT_EQ(::pipe2(hold.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(hold[1]);
        char byte = 0;
        std::_Exit(::read(hold[0], &byte, 1) == 0 ? 0 : 1);  // lives until the parent lets go
    }
    std::atomic<pid_t> found{0};
    std::jthread waiter([&] { found = ::wait(nullptr); });
    for (int round = 0; round < 20; ++round) {
        Pool pool{2};
        EXPECT_EQ(pool.apply(square, 3), 9);
    }
    EXPECT_EQ(found, 0);
    ::close(hold[1]);
    ::close(hold[0]);
    waiter.join();
    EXPECT_EQ(found, child);
}

TEST_P(Sigchld, IgnoredDisturbsNothing) {
    ::signal(SIGCHLD, SIG_IGN);
    Pool pool{2};
    EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
    EXPECT_THROW(pool.apply({.timeout = 20ms}, [] { support::spin_for_ever(); }),
                 procpool::TaskTimeout);
    EXPECT_EQ(pool.map(square, numbers(3)), (std::vector{0, 1, 4}));
    // As after an exec: what the program ignores, its workers ignore.
    EXPECT_TRUE(pool.apply([] {
        struct sigaction action{};
        ::sigaction(SIGCHLD, nullptr, &action);
        return action.sa_handler == SIG_IGN;
    }));
}

TEST_P(Sigchld, WithoutZombiesDisturbsNothing) {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_NOCLDWAIT;
    ::sigaction(SIGCHLD, &action, nullptr);
    Pool pool{2};
    EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
    EXPECT_EQ(pool.map(square, numbers(3)), (std::vector{0, 1, 4}));
}

INSTANTIATE_TEST_SUITE_P(, Sigchld, testing::Bool(), [](const auto& test) {
    return test.param ? "WithThreads" : "WithOneThread";
});

// What a worker is -------------------------------------------------------------------------------

TEST(Worker, ReadsAnEmptyStdin) {
    Pool pool{1};
    EXPECT_EQ(pool.apply([] {
        char byte = 0;
        return static_cast<long>(::read(STDIN_FILENO, &byte, 1));
    }),
              0);
}

/// Their default action is to be reported first (docs/errors.md).
bool is_crash(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
           signal == SIGABRT || signal == SIGSYS || signal == SIGTRAP;
}

TEST(Worker, HasSignalsAsAfterAnExecButForThoseOfACrashAndOfTheTerminal) {
    ::signal(SIGUSR2, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    {
        Pool pool{1};
        EXPECT_EQ(pool.apply([] {
            int wrong = 0;
            for (int number = 1; number < NSIG; ++number) {
                struct sigaction action{};
                if (is_crash(number) || ::sigaction(number, nullptr, &action) != 0) {
                    continue;
                }
                const bool ignored = number == SIGUSR2 || number == SIGPIPE || number == SIGTTOU ||
                                     number == SIGTTIN;
                if (action.sa_handler != (ignored ? SIG_IGN : SIG_DFL)) {
                    wrong = number;
                }
            }
            return wrong;
        }),
                  0);
        EXPECT_TRUE(pool.apply([] {
            sigset_t mask;
            sigprocmask(SIG_BLOCK, nullptr, &mask);
            return sigisemptyset(&mask) == 1;
        }));
        // A worker can be terminated as any process.
        EXPECT_THROW(pool.apply([] { ::raise(SIGTERM); }), WorkerDied);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::signal(SIGUSR2, SIG_DFL);
    ::signal(SIGPIPE, SIG_DFL);
}

/// The client's handlers and mask are its own again after the start of a pool.
TEST(Worker, CostsTheClientNoSignalSetting) {
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    {
        Pool pool{2};
    }
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    for (int number = 1; number < NSIG; ++number) {
        EXPECT_EQ(sigismember(&before, number), sigismember(&after, number)) << number;
    }
}

struct Endings {
    std::atomic<int> destructors{0};
    std::atomic<int> handlers{0};
};
Endings* endings = nullptr;
pid_t program = 0;

struct Global {
    ~Global() {
        if (endings != nullptr && ::getpid() != program) {
            ++endings->destructors;
        }
    }
};
const Global global;

void count_handler() {
    if (endings != nullptr && ::getpid() != program) {
        ++endings->handlers;
    }
}

TEST(Worker, RunsNoExitHandlerOfTheProgram) {
    const support::Shared<Endings> shared;
    endings = shared.get();
    program = ::getpid();
    std::atexit(count_handler);
    std::at_quick_exit(count_handler);
    {
        Pool pool{1};
        try {
            pool.apply([] { std::exit(3); });
            FAIL();
        } catch (const WorkerDied& e) {
            EXPECT_EQ(e.exit_status(), 3);
        }
        EXPECT_THROW(pool.apply([] { std::quick_exit(4); }), WorkerDied);
        EXPECT_THROW(pool.apply([] { std::_Exit(5); }), WorkerDied);
        Pool short_lived({.processes = 1, .max_tasks_per_child = 1});
        EXPECT_EQ(short_lived.map(square, numbers(3)), (std::vector{0, 1, 4}));
        pool.close();
        pool.join();
    }
    EXPECT_EQ(endings->destructors, 0);
    EXPECT_EQ(endings->handlers, 0);
    endings = nullptr;
}

/// Whichever descriptor the pool's own happen to get.
TEST(Client, MayHaveClosedItsStandardStreams) {
    EXPECT_EQ(support::status_of_child([] {
                  ::close(0);
                  ::close(1);
                  ::close(2);
                  Pool pool{2};
                  bool good = pool.map(square, numbers(3)) == std::vector{0, 1, 4};
                  try {
                      pool.apply([] { std::abort(); });
                      good = false;
                  } catch (const WorkerDied&) {
                  }
                  return good && pool.apply([] {
                      char byte = 0;
                      std::puts("to nobody");
                      std::fflush(stdout);
                      return static_cast<long>(::read(STDIN_FILENO, &byte, 1));
                  }) == 0 &&
                         pool.map(square, numbers(3)) == std::vector{0, 1, 4};
              }),
              0);
}

TEST(Client, OutputIsWrittenOnce) {
    // What is buffered when the fork happens must not be written by every worker.
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    EXPECT_EQ(support::status_of_child([&] {
                  ::dup2(ends[1], STDOUT_FILENO);
                  std::setvbuf(stdout, nullptr, _IOFBF, 4096);
                  std::printf("before ");
                  Pool pool{3};
                  pool.apply([] { std::printf("task "); });
                  pool.terminate();
                  std::printf("after");
                  std::fflush(stdout);
                  return true;
              }),
              0);
    ::close(ends[1]);
    std::array<char, 256> text{};
    std::string all;
    for (ssize_t got = 0; (got = ::read(ends[0], text.data(), text.size())) > 0;) {
        all.append(text.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    EXPECT_EQ(all, "before task after");
}

}  // namespace
