// procpool_test: OPTIMISED TIMEOUT 120
// Every odd way in which a task can end its worker, or try to: it costs that one item, says what
// happened to whom, and the pool goes on.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

using namespace std::chrono_literals;
using procpool::MapOptions;
using procpool::Outcome;
using procpool::Pool;
using procpool::WorkerDied;

struct Notes {
    std::atomic<pid_t> worker{0};      ///< that ran the odd item
    std::atomic<pid_t> descendant{0};  ///< that the odd item started
    std::atomic<int> returns{0};       ///< of the odd item
};
support::Shared<Notes> notes;

constexpr int odd = 5;
constexpr int count = 40;

std::vector<int> items() {
    std::vector<int> all(count);
    for (int i = 0; i < count; ++i) {
        all[static_cast<std::size_t>(i)] = i;
    }
    return all;
}

class Deaths : public testing::TestWithParam<int> {
protected:
    Deaths() {
        notes->worker = 0;
        notes->descendant = 0;
        notes->returns = 0;
    }

    Pool pool{GetParam()};

    /// Runs `act` as one item among others, which all must be right, and returns what came of it.
    template <class Act>
    Outcome<int> run(Act act, MapOptions options = {}) {
        const auto task = [act](int i) {
            if (i == odd) {
                notes->worker = ::getpid();
                act();
                ++notes->returns;
            }
            return 7 * i;
        };
        std::vector<Outcome<int>> outcomes = pool.try_map(task, items(), options);
        EXPECT_EQ(outcomes.size(), std::size_t{count});
        for (int i = 0; i < count; ++i) {
            const auto& outcome = outcomes[static_cast<std::size_t>(i)];
            if (i == odd) {
                continue;
            }
            EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message());
            if (outcome) {
                EXPECT_EQ(*outcome, 7 * i);
            }
        }
        expect_usable();
        return std::move(outcomes[odd]);
    }

    void expect_usable() {
        const std::vector<int> again = pool.map([](int i) { return i + 1; }, items());
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(again[static_cast<std::size_t>(i)], i + 1);
        }
    }

    static void expect_died(const Outcome<int>& outcome, int signal, int status) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().index(), std::uint64_t{odd});
        EXPECT_EQ(outcome.error().worker_pid(), notes->worker);
        try {
            outcome.rethrow();
            FAIL() << "nothing was thrown";
        } catch (const WorkerDied& died) {
            EXPECT_EQ(died.signal(), signal) << died.message();
            EXPECT_EQ(died.exit_status(), status) << died.message();
        }
    }

    template <class Error>
    static void expect_error(const Outcome<int>& outcome) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().index(), std::uint64_t{odd});
        EXPECT_EQ(outcome.error().worker_pid(), notes->worker);
        EXPECT_THROW(outcome.rethrow(), Error) << outcome.error().message();
    }
    static void expect_value(const Outcome<int>& outcome) {
        ASSERT_TRUE(outcome) << outcome.error().message();
        EXPECT_EQ(*outcome, 7 * odd);
    }
};

/// Waits until the process is gone, or somebody's zombie.
void expect_gone(pid_t pid) {
    ASSERT_GT(pid, 0);
    for (int i = 0; i < 5000; ++i) {
        std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
        std::string text;
        std::getline(stat, text);
        if (text.empty() || text.find(") Z") != std::string::npos) {
            return;
        }
        ::usleep(1000);
    }
    ADD_FAILURE() << "process " << pid << " still runs";
}

// Exits -------------------------------------------------------------------------------------------

TEST_P(Deaths, Exit) {
    expect_died(run([] { std::exit(0); }), 0, 0);
    expect_died(run([] { std::exit(9); }), 0, 9);
}

TEST_P(Deaths, ExitRunsNoHandlerOfTheProgram) {
    static pid_t program = 0;
    program = ::getpid();
    std::atexit([] {
        if (::getpid() != program) {
            ++notes->descendant;
        }
    });
    {
        Pool fresh{1};
        const auto outcomes = fresh.try_map([](int i) -> int { std::exit(i); }, items());
        EXPECT_FALSE(outcomes[1]);
    }
    EXPECT_EQ(notes->descendant, 0);
}

TEST_P(Deaths, ImmediateExit) {
    expect_died(run([] { ::_exit(3); }), 0, 3);
}
TEST_P(Deaths, QuickExit) {
    expect_died(run([] { std::quick_exit(4); }), 0, 4);
}

// Signals -----------------------------------------------------------------------------------------

TEST_P(Deaths, Abort) {
    expect_died(run([] { std::abort(); }), SIGABRT, 0);
}
TEST_P(Deaths, Terminate) {
    expect_died(run([] { std::terminate(); }), SIGABRT, 0);
}

[[gnu::noinline]] int fall(volatile int* above) {
    volatile int here[1024];
    here[0] = *above + 1;
    return here[0] == 0 ? 0 : fall(here) + here[0];
}
TEST_P(Deaths, StackOverflow) {
    expect_died(run([] {
                    volatile int start = 0;
                    notes->returns = fall(&start);
                }),
                SIGSEGV, 0);
}

/// UndefinedBehaviorSanitizer would end the process in its own way.
__attribute__((no_sanitize("undefined"))) void write_to(volatile int* place) { *place = 1; }
TEST_P(Deaths, NullDereference) {
    expect_died(run([] {
                    volatile int* volatile nothing = nullptr;
                    write_to(nothing);
                }),
                SIGSEGV, 0);
}

TEST_P(Deaths, KilledFromOutside) {
    expect_died(run([] {
                    ::kill(::getpid(), SIGKILL);
                    for (;;) {
                        ::pause();
                    }
                }),
                SIGKILL, 0);
}

TEST_P(Deaths, EverySignalThatKills) {
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGUSR1,
                             SIGPIPE, SIGALRM, SIGTERM, SIGSYS, SIGXCPU}) {
        notes->descendant = signal;
        expect_died(run([] { ::raise(notes->descendant); }), signal, 0);
    }
}

TEST_P(Deaths, EveryItem) {
    const auto outcomes = pool.try_map(
        [](int i) -> int {
            if (i % 2 == 0) {
                std::abort();
            }
            ::_exit(i);
        },
        items());
    for (int i = 0; i < count; ++i) {
        ASSERT_FALSE(outcomes[static_cast<std::size_t>(i)]);
        try {
            outcomes[static_cast<std::size_t>(i)].rethrow();
        } catch (const WorkerDied& died) {
            EXPECT_EQ(died.signal(), i % 2 == 0 ? SIGABRT : 0);
            EXPECT_EQ(died.exit_status(), i % 2 == 0 ? 0 : i);
            EXPECT_EQ(died.index(), static_cast<std::uint64_t>(i));
        }
    }
    expect_usable();
}

TEST_P(Deaths, TheLowestIndexIsThrown) {
    try {
        pool.map(
            [](int i) {
                if (i == 31 || i == 12) {
                    std::abort();
                }
                return i;
            },
            items());
        FAIL() << "nothing was thrown";
    } catch (const WorkerDied& died) {
        EXPECT_EQ(died.index(), 12U);
    }
    expect_usable();
}

// Exceptions --------------------------------------------------------------------------------------

TEST_P(Deaths, AnIntIsThrown) {
    const auto outcome = run([] { throw 42; });
    expect_error<procpool::RemoteError>(outcome);
    EXPECT_EQ(outcome.error().type_name(), "int");
}

TEST_P(Deaths, AHugeVector) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's allocator aborts instead";
    }
    expect_error<std::bad_alloc>(run([] {
        volatile std::size_t size = std::size_t{1} << 50U;
        const std::vector<char> huge(size);
        notes->returns = huge[size / 2];
    }));
}

TEST_P(Deaths, NoAddressSpaceLeft) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's allocator aborts instead";
    }
    expect_error<std::bad_alloc>(run([] {
        const rlimit limit{std::size_t{1} << 20U, std::size_t{1} << 20U};  // less than there is
        if (::setrlimit(RLIMIT_AS, &limit) != 0) {
            ::_exit(1);
        }
        std::vector<std::string> hoard;
        for (;;) {
            hoard.emplace_back(std::size_t{1} << 16U, 'x');
        }
    }));
}

TEST_P(Deaths, ThrownWhileUnwinding) {
    struct Thrower {
        ~Thrower() noexcept(false) { throw std::runtime_error("from a destructor"); }
    };
    expect_died(run([] {
                    const Thrower thrower;
                    throw std::runtime_error("first");
                }),
                SIGABRT, 0);
}

// Processes ---------------------------------------------------------------------------------------

TEST_P(Deaths, ForkAndReturnTwice) {
    for (int again = 0; again < 5; ++again) {
        expect_value(run([] { ::fork(); }));
    }
}

TEST_P(Deaths, ForkAndThrowTwice) {
    const auto outcome = run([] {
        ::fork();
        throw std::out_of_range("twice");
    });
    expect_error<std::out_of_range>(outcome);
}

TEST_P(Deaths, ForkAndTheParentExits) {
    expect_died(run([] {
                    if (::fork() != 0) {
                        ::_exit(6);
                    }
                }),
                0, 6);
}

TEST_P(Deaths, AForkedCopyThatRunsOnHarmsNothing) {
    // The copy is in the middle of a chunk: it must not run the rest of it, nor publish.
    const auto outcome = run(
        [] {
            if (::fork() == 0) {
                support::await(notes->returns);
            }
        },
        {.chunksize = count});
    expect_value(outcome);
    EXPECT_TRUE(support::eventually([] { return notes->returns == 2; }));
    expect_usable();
}

TEST_P(Deaths, AChildOutlivesItsItemUntilItsWorkerDies) {
    expect_value(run([] {
        const pid_t child = ::fork();
        if (child == 0) {
            for (;;) {
                ::pause();
            }
        }
        notes->descendant = child;
    }));
    EXPECT_EQ(::kill(notes->descendant, 0), 0);
    EXPECT_EQ(::kill(notes->worker, SIGKILL), 0);
    expect_gone(notes->descendant);
    expect_usable();
}

TEST_P(Deaths, NoDescendantOutlivesThePool) {
    expect_value(run([] {
        // A grandchild in a session of its own, its parent gone.
        if (::fork() == 0) {
            ::setsid();
            const pid_t grandchild = ::fork();
            if (grandchild == 0) {
                for (;;) {
                    ::pause();
                }
            }
            notes->descendant = grandchild;
            ::_exit(0);
        }
        support::await(notes->descendant);
    }));
    EXPECT_EQ(::kill(notes->descendant, 0), 0);
    pool.terminate();
    expect_gone(notes->descendant);
}

TEST_P(Deaths, Daemonise) {
    // daemon() ends the calling process: the worker. What goes on in the background is no worker.
    expect_died(run([] {
                    if (::daemon(1, 1) != 0) {
                        std::abort();
                    }
                    notes->descendant = ::getpid();
                    for (;;) {
                        ::pause();
                    }
                }),
                0, 0);
    if (notes->descendant != 0) {
        expect_gone(notes->descendant);
    }
}

TEST_P(Deaths, NewSession) {
    expect_value(run([] {
        // The leader of a group gets none.
        if (::setsid() != -1) {
            std::abort();
        }
    }));
}

// Time --------------------------------------------------------------------------------------------

TEST_P(Deaths, AStoppedWorkerTimesOut) {
    const auto outcome = run([] { ::kill(::getpid(), SIGSTOP); }, {.timeout = 30ms});
    expect_error<procpool::TaskTimeout>(outcome);
    EXPECT_EQ(notes->returns, 0);
}

TEST_P(Deaths, ABusyWorkerThatBlocksAllSignalsTimesOut) {
    expect_error<procpool::TaskTimeout>(run(
        [] {
            sigset_t all;
            ::sigfillset(&all);
            ::sigprocmask(SIG_SETMASK, &all, nullptr);
            for (;;) {
                volatile int spin = 0;
                spin = spin + 1;
            }
        },
        {.timeout = 30ms}));
}

TEST_P(Deaths, ATimeoutTakesTheDescendantsAlong) {
    expect_error<procpool::TaskTimeout>(run(
        [] {
            if (::fork() == 0) {
                ::setsid();
                notes->descendant = ::getpid();
                for (;;) {
                    ::pause();
                }
            }
            for (;;) {
                ::pause();
            }
        },
        {.timeout = 50ms}));
    if (notes->descendant != 0) {
        expect_gone(notes->descendant);
    }
}

// The worker's surroundings -----------------------------------------------------------------------

TEST_P(Deaths, EveryDescriptorClosed) {
    expect_value(run([] {
        for (int fd = 0; fd < 1024; ++fd) {
            ::close(fd);
        }
    }));
    expect_usable();
}

TEST_P(Deaths, SignalMaskAndHandlersChanged) {
    expect_value(run([] {
        for (int signal = 1; signal < 32; ++signal) {
            std::signal(signal, SIG_IGN);
        }
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
    }));
    const pid_t hardened = notes->worker;
    ::kill(hardened, SIGKILL);
    expect_gone(hardened);
    expect_usable();
}

TEST_P(Deaths, OwnChildrenReaped) {
    // A task that waits for any child, and one that ignores SIGCHLD.
    expect_value(run([] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(11);
        }
        int status = 0;
        if (::waitpid(-1, &status, 0) != child || WEXITSTATUS(status) != 11) {
            std::abort();
        }
    }));
    expect_value(run([] { std::signal(SIGCHLD, SIG_IGN); }));
}

/// Standard output in a file for the lifetime of this.
class CapturedOutput {
public:
    CapturedOutput() {
        std::fflush(stdout);
        saved_ = ::dup(STDOUT_FILENO);
        char name[] = "/tmp/procpool-output-XXXXXX";
        const int file = ::mkstemp(name);
        name_ = name;
        ::dup2(file, STDOUT_FILENO);
        ::close(file);
    }
    CapturedOutput(const CapturedOutput&) = delete;
    CapturedOutput& operator=(const CapturedOutput&) = delete;
    ~CapturedOutput() {
        std::fflush(stdout);
        ::dup2(saved_, STDOUT_FILENO);
        ::close(saved_);
        ::unlink(name_.c_str());
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::ifstream file(name_);
        std::vector<std::string> all;
        for (std::string line; std::getline(file, line);) {
            all.push_back(line);
        }
        return all;
    }

private:
    int saved_ = -1;
    std::string name_;
};

TEST_P(Deaths, OutputIsThereWhenMapReturnsAndOnce) {
    std::vector<std::string> printed;
    {
        const CapturedOutput output;
        std::printf("buffered in the client\n");
        Pool fresh{GetParam()};
        fresh.map([](int i) { std::printf("item %d\n", i); }, items());
        printed = output.lines();
    }
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(std::count(printed.begin(), printed.end(), "item " + std::to_string(i)), 1) << i;
    }
    EXPECT_EQ(std::count(printed.begin(), printed.end(), "buffered in the client"), 1);
}

TEST_P(Deaths, OutputOfAnExitingTaskIsThere) {
    std::vector<std::string> printed;
    {
        const CapturedOutput output;
        Pool fresh{GetParam()};
        const auto outcomes = fresh.try_map(
            [](int i) {
                std::printf("item %d\n", i);
                if (i == odd) {
                    std::exit(1);
                }
                return i;
            },
            items());
        EXPECT_FALSE(outcomes[odd]);
        printed = output.lines();
    }
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(std::count(printed.begin(), printed.end(), "item " + std::to_string(i)), 1) << i;
    }
}

TEST_P(Deaths, OutputOfAThrowingTaskIsThere) {
    std::vector<std::string> printed;
    {
        const CapturedOutput output;
        Pool fresh{GetParam()};
        const auto outcomes = fresh.try_map(
            [](int i) {
                std::printf("item %d\n", i);
                if (i == count - 1) {
                    throw std::runtime_error("the last one");
                }
                return i;
            },
            items());
        EXPECT_FALSE(outcomes[count - 1]);
        printed = output.lines();
    }
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(std::count(printed.begin(), printed.end(), "item " + std::to_string(i)), 1) << i;
    }
}

// Retries -----------------------------------------------------------------------------------------

TEST_P(Deaths, RetriesAreCounted) {
    support::Shared<std::atomic<int>> tries;
    static std::atomic<int>* counter = nullptr;
    counter = &*tries;
    Pool fresh{GetParam()};  // knows the counter
    const auto twice = [](int i) {
        if (i == odd && ++*counter < 3) {
            std::abort();
        }
        return i;
    };
    EXPECT_EQ(fresh.map(twice, items(), {.retries = 2}), items());
    EXPECT_EQ(*counter, 3);
    *counter = 0;
    EXPECT_THROW(fresh.map(twice, items(), {.retries = 1}), WorkerDied);
    EXPECT_EQ(*counter, 2);
}

TEST_P(Deaths, AnExceptionIsNotRetried) {
    const auto outcome = run([] { throw std::runtime_error("no"); }, {.retries = 5});
    expect_error<std::runtime_error>(outcome);
    EXPECT_EQ(notes->returns, 0);
}

INSTANTIATE_TEST_SUITE_P(Engine, Deaths, testing::Values(1, 2, 4), [](const auto& param) {
    return std::to_string(param.param) + "_workers";
});

}  // namespace
}  // namespace engine_test
