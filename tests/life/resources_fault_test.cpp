// procpool_test: TIMEOUT 120
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "os/at_fork.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/faults.hpp"
#include "support/files.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

/// What the system refuses: processes, descriptors, memory, time without signals.
namespace {

using support::Clock;
using support::decide;
using support::faults;
using support::Where;
using namespace std::chrono_literals;
using procpool::Pool;
using procpool::PoolBroken;
using procpool::WorkerDied;
using procpool::os::Call;
using support::contains;
using support::numbers;

class Resources : public testing::Test {
protected:
    Resources() {
        faults = shared_.get();
        procpool::os::fault_hook = decide;
    }
    ~Resources() override { procpool::os::fault_hook = nullptr; }

    static int square(int i) { return i * i; }
    static int die_at_3(int i) {
        if (i == 3) {
            std::abort();
        }
        return i;
    }
    static void expect_only_3_died(const std::vector<procpool::Outcome<int>>& outcomes) {
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            EXPECT_EQ(outcomes[i].has_value(), i != 3);
        }
    }
    static bool works(Pool& pool) {
        return pool.map(square, numbers(3)) == std::vector{0, 1, 4} && pool.apply(square, 5) == 25;
    }

private:
    support::Shared<support::Faults> shared_;
};

// The start of a pool ----------------------------------------------------------------------------

struct Refusal {
    const char* name;
    Call call;
    int error;
    bool with_threads;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class Start : public Resources, public testing::WithParamInterface<Refusal> {};

/// The processes of this program, other than this one: what may have escaped.
std::size_t relatives() {
    std::array<char, 512> own{}, other{};
    static_cast<void>(::readlink("/proc/self/exe", own.data(), own.size() - 1));
    std::size_t count = 0;
    for (const pid_t pid : support::all_pids()) {
        other.fill(0);
        const std::string path = "/proc/" + std::to_string(pid) + "/exe";
        if (pid != ::getpid() && ::readlink(path.c_str(), other.data(), other.size() - 1) > 0) {
            count += own == other;
        }
    }
    return count;
}

TEST_P(Start, ThatIsRefusedThrowsAndLeavesNothing) {
    const auto [name, call, error, with_threads] = GetParam();
    std::optional<std::jthread> other;
    if (with_threads) {
        other.emplace([](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                ::usleep(1000);
            }
        });
    }
    {
        Pool pool{3};  // whatever is made once in a process
        ASSERT_TRUE(works(pool));
    }
    if (call == Call::clone_process && with_threads && procpool::os::others_may_run_at_fork()) {
        GTEST_SKIP() << "this program has handlers that run when it forks: then nothing is cloned";
    }
    const support::Holdings before;
    int refused = 0;
    for (int nth = 0; nth < 8; ++nth) {
        faults->fail(call, error, nth, 1);
        try {
            Pool pool{3};
            faults->stop();
            EXPECT_TRUE(works(pool)) << nth;
        } catch (const std::system_error& e) {
            ++refused;
            EXPECT_EQ(e.code().value(), error) << e.what();
            EXPECT_GT(faults->hits, 0) << e.what();
        }
        faults->stop();
        EXPECT_EQ(support::Holdings(), before) << "call " << nth;
        EXPECT_TRUE(support::eventually([] { return relatives() == 0; })) << "call " << nth;
    }
    EXPECT_GT(refused, 0);
    Pool pool{3};
    EXPECT_TRUE(works(pool));
}

INSTANTIATE_TEST_SUITE_P(
    , Start,
    testing::Values(Refusal{"CloneTooMany", Call::clone_process, EAGAIN, false},
                    Refusal{"CloneNoMemory", Call::clone_process, ENOMEM, false},
                    Refusal{"ForkTooMany", Call::fork_process, EAGAIN, false},
                    Refusal{"ForkNoMemory", Call::fork_process, ENOMEM, false},
                    Refusal{"Pipe", Call::make_pipe, EMFILE, false},
                    Refusal{"Pidfd", Call::open_pidfd, EMFILE, false},
                    Refusal{"Signalfd", Call::make_signalfd, EMFILE, false},
                    Refusal{"ThreadsClone", Call::clone_process, EAGAIN, true},
                    Refusal{"ThreadsFork", Call::fork_process, EAGAIN, true},
                    Refusal{"ThreadsForkNoMemory", Call::fork_process, ENOMEM, true},
                    Refusal{"ThreadsPipe", Call::make_pipe, EMFILE, true},
                    Refusal{"ThreadsPidfd", Call::open_pidfd, EMFILE, true},
                    Refusal{"ThreadsSignalfd", Call::make_signalfd, ENFILE, true}),
    [](const auto& test) { return test.param.name; });

// The region is made once in a process: a forked child makes its own.

TEST_F(Resources, NoMemfdIsSaidClearly) {
    EXPECT_EQ(support::status_of_child([] {
                  faults->fail(Call::make_memfd, EMFILE);
                  try {
                      Pool pool{2};
                      return false;
                  } catch (const std::bad_alloc&) {
                  } catch (const std::system_error&) {
                  }
                  faults->stop();
                  Pool pool{2};  // the failure is not remembered
                  return works(pool);
              }),
              0);
}

TEST_F(Resources, MoreOfTheRegionThatIsRefusedIsSaidClearlyAndCostsNothing) {
    Pool pool{2};
    constexpr std::size_t more = std::size_t{4} << 30U;  // than is open at first
    faults->fail(Call::protect_memory, ENOMEM, 0, 1'000'000'000, Where::client);
    try {
        const procpool::shared_vector<char> large(more);
        FAIL() << "there is none";
    } catch (const std::bad_alloc& error) {
        EXPECT_TRUE(contains(error.what(), "mprotect fails")) << error.what();
    }
    faults->stop();
    EXPECT_TRUE(works(pool));
    EXPECT_EQ(procpool::shared_vector<char>(100'000'000).size(), 100'000'000U);
}

TEST_F(Resources, NoMappingIsSaidClearly) {
    EXPECT_EQ(support::status_of_child([] {
                  faults->fail(Call::map_memory, ENOMEM);
                  try {
                      Pool pool{2};
                      return false;
                  } catch (const std::bad_alloc&) {
                  } catch (const std::system_error&) {
                  }
                  faults->stop();
                  Pool pool{2};
                  return works(pool);
              }),
              0);
}

TEST_F(Resources, LargeRegionRefusedMeansASmallerOne) {
    for (const Call call : {Call::map_memory, Call::resize_file, Call::make_memfd}) {
        for (const int refused : {1, 5, 10}) {
            EXPECT_EQ(support::status_of_child([&] {
                          faults->fail(call, ENOMEM, 0, refused);
                          Pool pool{2};
                          return works(pool) &&
                                 pool.map([](int) { return std::string(100'000, 'x'); },
                                          numbers(20))
                                         .size() == 20;
                      }),
                      0)
                << refused;
        }
    }
}

// Signals ----------------------------------------------------------------------------------------

/// All that a pool does, while signals interrupt every second call.
void interrupted_life() {
    faults->interrupt = true;
    {
        Pool pool{2};
        const std::vector<int> items = numbers(100);
        EXPECT_EQ(pool.map(
                      [](int i) {
                          ::usleep(500);
                          return i;
                      },
                      items),
                  items);
        EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
        EXPECT_THROW(pool.apply({.timeout = 20ms}, [] { support::spin_for_ever(); }),
                     procpool::TaskTimeout);
        auto result = pool.submit([] {
            ::usleep(20'000);
            return 3;
        });
        EXPECT_FALSE(result.wait(1ms));
        EXPECT_EQ(result.get(), 3);
        EXPECT_EQ(pool.map([](int) { return std::string(1 << 20, 'x'); }, items).size(), 100U);
        pool.close();
        pool.join();
    }
    faults->stop();
}

TEST_F(Resources, SignalsInterruptNothing) {
    for (const bool with_threads : {false, true}) {
        std::optional<std::jthread> other;
        if (with_threads) {
            other.emplace([](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    ::usleep(1000);
                }
            });
        }
        interrupted_life();
        const support::Holdings before;
        interrupted_life();
        EXPECT_EQ(support::Holdings(), before);
    }
}

TEST_F(Resources, RealSignalsInterruptNothing) {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) {};  // without SA_RESTART
    ::sigaction(SIGALRM, &action, &before);
    const itimerval often{.it_interval = {0, 300}, .it_value = {0, 300}};
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    for (int round = 0; round < 20; ++round) {
        Pool pool{2};
        EXPECT_TRUE(works(pool));
        EXPECT_EQ(pool.map(
                      [](int i) {
                          ::usleep(200);
                          return i;
                      },
                      numbers(20)),
                  numbers(20));
        EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
    }
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
}

// No more processes ------------------------------------------------------------------------------

/// The fork server of the next pool forks this many workers; then it fails so often. (Not armed
/// when they exist: where forking is slow there would be a spare by then.)
void fail_to_fork_after(int workers, int error, int how_often = 1'000'000'000) {
    faults->fail(Call::fork_process, error, workers, how_often, Where::others);
}

TEST_F(Resources, RestGoesOnWhileNoWorkerCanBeForked) {
    fail_to_fork_after(3, EAGAIN);
    Pool pool{3};
    EXPECT_THROW(pool.apply([] { std::abort(); }), WorkerDied);
    EXPECT_TRUE(support::eventually([] { return faults->hits > 3; }));
    EXPECT_EQ(pool.worker_pids().size(), 2U);
    EXPECT_EQ(pool.map(square, numbers(1000))[999], 999 * 999);
    faults->stop();
    EXPECT_TRUE(support::eventually([&] { return pool.worker_pids().size() == 3; }));
    EXPECT_TRUE(works(pool));
}

TEST_F(Resources, LastWorkerMayBeMissingForAWhile) {
    fail_to_fork_after(1, EAGAIN, 20);
    Pool pool{1};
    const auto outcomes = pool.try_map(die_at_3, numbers(20));
    expect_only_3_died(outcomes);
    EXPECT_EQ(faults->hits, 20);
}

TEST_F(Resources, PoolThatCanForkNoMoreBreaks) {
    fail_to_fork_after(2, EAGAIN);
    Pool pool{2};
    auto pending = pool.map_async([](int) { std::abort(); }, numbers(20));
    const auto outcomes = pool.try_map([](int) { std::abort(); }, numbers(20), {.chunksize = 1});
    int died = 0;
    for (const auto& outcome : outcomes) {
        try {
            outcome.rethrow();
            ADD_FAILURE();
        } catch (const WorkerDied&) {
            ++died;
        } catch (const PoolBroken&) {
        }
    }
    EXPECT_LE(died, 2);
    EXPECT_ANY_THROW(pending.get());
    try {
        pool.apply(square, 3);
        ADD_FAILURE();
    } catch (const PoolBroken& e) {
        EXPECT_TRUE(contains(e.what(), std::generic_category().message(EAGAIN)));
    }
    EXPECT_TRUE(pool.worker_pids().empty());
}

TEST_F(Resources, WorkLeftByADeadWorkerIsDoneByAnother) {
    fail_to_fork_after(2, ENOMEM);
    Pool pool{2};
    const auto outcomes = pool.try_map(die_at_3, numbers(20), {.chunksize = 10});
    expect_only_3_died(outcomes);
    EXPECT_EQ(pool.apply(square, 3), 9);
}

TEST_F(Resources, WorkThatNobodyMayTakeFromADeadWorkerDoesNotWaitForEver) {
    fail_to_fork_after(2, ENOMEM);
    Pool pool{2};
    // It is to be tried again in the same place.
    const auto outcomes = pool.try_map(die_at_3, numbers(20), {.chunksize = 10, .retries = 1});
    EXPECT_THROW(outcomes[3].rethrow(), PoolBroken);
    EXPECT_THROW(pool.apply(square, 3), PoolBroken);
}

TEST_F(Resources, WorkerThatCannotProtectItsMemoryBreaksThePool) {
    faults->fail(Call::protect_memory, ENOMEM, 0, 1'000'000'000, Where::others);
    Pool pool{2};
    try {
        pool.map(square, numbers(20));
        ADD_FAILURE();
    } catch (const PoolBroken& broken) {
        EXPECT_TRUE(contains(broken.what(), "many workers in a row died before")) << broken.what();
    }
    EXPECT_GT(faults->hits, 2);
}

TEST_F(Resources, WorkerThatCannotProtectItsMemoryIsReplaced) {
    faults->fail(Call::protect_memory, ENOMEM, 0, 10, Where::others);
    Pool pool{2};
    EXPECT_TRUE(works(pool));
    EXPECT_EQ(pool.map(square, numbers(100))[99], 99 * 99);
}

TEST_F(Resources, OutputThatCannotBeMadeWritableCostsItsItems) {
    procpool::shared_vector<int> input(100, 3), output(100);
    Pool pool{1};
    ASSERT_TRUE(works(pool));
    faults->fail(Call::protect_memory, ENOMEM, 0, 1, Where::others);
    const auto workers = pool.worker_pids();
    try {
        pool.map_into(square, input, output, {.chunksize = 100});
        FAIL() << "there was nowhere to write";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::not_enough_memory);
        EXPECT_TRUE(contains(error.what(), "results in place"));
    }
    EXPECT_EQ(pool.worker_pids(), workers) << "no worker died of it";
    faults->stop();
    pool.map_into(square, input, output);
    EXPECT_EQ(output[99], 9);
}

TEST_F(Resources, NoFileForTheListOfChildrenOnlyDelaysTheirEnd) {
    support::Shared<support::Roll> shared;
    static support::Roll* roll = nullptr;
    roll = shared.get();
    Pool pool{2};
    EXPECT_TRUE(works(pool));
    faults->fail(Call::open_file, ENFILE, 0, 3, Where::others);
    EXPECT_THROW(pool.apply([] {
        support::start_daemon(*roll);
        support::await([] { return roll->size() != 0; }, "the daemon to start");
        std::abort();
    }),
                 WorkerDied);
    EXPECT_TRUE(works(pool));
    for (const pid_t pid : roll->pids()) {
        EXPECT_TRUE(support::eventually([&] { return !support::exists(pid); }));
    }
}

// Limits -----------------------------------------------------------------------------------------

/// What a child does under a limit: 0 if its pool works, 1 if it was refused by an exception.
int under(__rlimit_resource resource, rlim_t limit) {
    int status = support::status_of_child([&] {
        rlimit limits{};
        ::getrlimit(resource, &limits);
        limits.rlim_cur = std::min(limit, limits.rlim_max);
        ::setrlimit(resource, &limits);
        const std::vector<int> all = numbers(10);
        try {
            Pool pool{2};
            const auto squares = pool.map([](int i) { return i * i; }, all);
            if (squares[9] != 81) {
                std::_Exit(2);
            }
            std::_Exit(0);
        } catch (const std::bad_alloc&) {
        } catch (const std::system_error&) {
        }
        std::_Exit(1);
        return true;
    });
    EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
    EXPECT_LE(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status);
}

constexpr rlim_t mebi = 1U << 20U;

TEST_F(Resources, SmallFilesMeanASmallRegion) {
    EXPECT_EQ(under(RLIMIT_FSIZE, 1024 * mebi), 0);
    EXPECT_EQ(under(RLIMIT_FSIZE, 64 * mebi), 0);
    EXPECT_EQ(under(RLIMIT_FSIZE, 16 * mebi), 0);
    EXPECT_EQ(under(RLIMIT_FSIZE, mebi), 1);
    EXPECT_EQ(under(RLIMIT_FSIZE, 0), 1);
}

TEST_F(Resources, SmallAddressSpaceMeansASmallRegion) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs more address space than that";
    }
    std::size_t pages = 0;
    std::istringstream(support::content_of("/proc/self/statm")) >> pages;
    const rlim_t used = pages * 4096;
    EXPECT_EQ(under(RLIMIT_AS, used + 4096 * mebi), 0);
    EXPECT_EQ(under(RLIMIT_AS, used + 512 * mebi), 0);
    EXPECT_EQ(under(RLIMIT_AS, used + 128 * mebi), 0);
    under(RLIMIT_AS, used + 64 * mebi);
    under(RLIMIT_AS, used + 16 * mebi);
    EXPECT_EQ(under(RLIMIT_AS, used + mebi), 1);
}

TEST_F(Resources, SeveralPoolsFitIntoASmallAddressSpace) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs more address space than that";
    }
    std::size_t pages = 0;
    std::istringstream(support::content_of("/proc/self/statm")) >> pages;
    const rlim_t used = pages * 4096;
    EXPECT_EQ(support::status_of_child([&] {
                  const rlimit limits{used + 900 * mebi, used + 900 * mebi};
                  ::setrlimit(RLIMIT_AS, &limits);
                  std::vector<std::unique_ptr<Pool>> pools;
                  while (pools.size() < 8) {
                      pools.push_back(std::make_unique<Pool>(2));
                      if (pools.back()->apply([](int x) { return x; }, 1) != 1) {
                          return false;
                      }
                  }
                  return true;
              }),
              0);
}

TEST_F(Resources, FewDescriptorsAreSaidClearly) {
    rlim_t enough = 0;
    const auto highest = static_cast<rlim_t>(support::entries_of("/proc/self/fd").size());
    for (rlim_t limit = highest; limit < highest + 16 && enough == 0; ++limit) {
        if (under(RLIMIT_NOFILE, limit) == 0) {
            enough = limit;
        }
    }
    EXPECT_NE(enough, 0U);
    EXPECT_LE(enough, highest + 6);
}

}  // namespace
