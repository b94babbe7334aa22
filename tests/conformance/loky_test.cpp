// procpool_test: TIMEOUT 120
// What loky's tests ask of an executor whose workers crash (test_reusable_executor.py:
// TestExecutorDeadLock, TestTerminateExecutor; _test_process_executor.py), asked of a Pool. Each
// test has the name of the one whose semantics it checks; docs/conformance.md says where they
// differ. There a crash breaks the executor, and a new one is asked for; here the pool goes on.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "conformance/travellers.hpp"
#include "face/feeds.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::Counter;
using support::numbers;
using travellers::Bad;
using travellers::Deed;
using travellers::give;
using travellers::take;
using travellers::When;

namespace {

int same(int x) { return x; }

/// To a worker of the pool that this one belongs to.
void kill_friend(pid_t pid) { support::kill_child(pid, ::getppid()); }

/// What became of a call, in a word.
template <class Call>
std::string fate_of(Call&& call) {
    try {
        call();
        return "a value";
    } catch (const mp::WorkerDied& died) {
        return died.signal() == SIGSEGV   ? "SIGSEGV"
               : died.signal() == SIGKILL ? "SIGKILL"
                                          : "EXIT(" + std::to_string(died.exit_status()) + ")";
    } catch (const std::out_of_range&) {
        return "the error";
    }
}

/// A task that fails on its way, while it runs, or when its result is on the way.
struct Case {
    const char* name;
    enum Place { argument, task, result } place;
    Deed deed;
    When when;
    const char* fate;

    void run(mp::Pool& pool) const {
        if (place == argument) {
            pool.submit(take, Bad{deed, when}).get();
        } else if (place == task) {
            pool.submit(travellers::act, deed).get();
        } else {
            pool.submit(give, deed, when).get();
        }
    }
    /// What ends there is the program, which wrote its argument, or read its result, itself.
    [[nodiscard]] bool ends_the_program() const {
        return deed == Deed::exit &&
               (place == argument ? when == When::written : place == result && when == When::read);
    }
};
constexpr std::array crash_cases{
    Case{"ExitAtTaskPickle", Case::argument, Deed::exit, When::written, ""},
    Case{"ErrorAtTaskPickle", Case::argument, Deed::error, When::written, "the error"},
    Case{"ExitAtTaskUnpickle", Case::argument, Deed::exit, When::read, "EXIT(1)"},
    Case{"CExitAtTaskUnpickle", Case::argument, Deed::quiet_exit, When::read, "EXIT(0)"},
    Case{"ErrorAtTaskUnpickle", Case::argument, Deed::error, When::read, "the error"},
    Case{"CrashAtTaskUnpickle", Case::argument, Deed::crash, When::read, "SIGSEGV"},
    Case{"Crash", Case::task, Deed::crash, When::read, "SIGSEGV"},
    Case{"Exit", Case::task, Deed::exit, When::read, "EXIT(1)"},
    Case{"CExit", Case::task, Deed::quiet_exit, When::read, "EXIT(0)"},
    Case{"Error", Case::task, Deed::error, When::read, "the error"},
    Case{"CrashAtResultPickle", Case::result, Deed::crash, When::written, "SIGSEGV"},
    Case{"ExitAtResultPickle", Case::result, Deed::exit, When::written, "EXIT(1)"},
    Case{"CExitAtResultPickle", Case::result, Deed::quiet_exit, When::written, "EXIT(0)"},
    Case{"ErrorAtResultPickle", Case::result, Deed::error, When::written, "the error"},
    Case{"ExitAtResultUnpickle", Case::result, Deed::exit, When::read, ""},
    Case{"ErrorAtResultUnpickle", Case::result, Deed::error, When::read, "the error"},
};

class TestExecutorDeadLock : public testing::Test {
protected:
    mp::Pool pool{2};
};
class CrashCases : public TestExecutorDeadLock, public testing::WithParamInterface<Case> {};

TEST_P(CrashCases, test_crashes) {
    if (GetParam().ends_the_program()) {
        const int status = support::status_of_child([] {
            mp::Pool own{2};
            GetParam().run(own);
            return true;
        });
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 1);
    } else {
        EXPECT_EQ(fate_of([&] { GetParam().run(pool); }), GetParam().fate);
    }
    EXPECT_EQ(pool.submit(same, 42).get(), 42);
}

class CrashCasesInCallbacks : public CrashCases {};

TEST_P(CrashCasesInCallbacks, test_in_callback_submit_with_crash) {
    std::atomic<bool> called{false};
    std::string fate;
    pool.submit(same, 42).then([&](const mp::Outcome<int>&) {
        fate = fate_of([&] { GetParam().run(pool); });
        called = true;
    });
    ASSERT_TRUE(support::eventually([&] { return called.load(); }));
    EXPECT_EQ(fate, GetParam().fate);
    EXPECT_EQ(pool.submit(same, 42).get(), 42);
}

std::string name_of(const testing::TestParamInfo<Case>& of) { return of.param.name; }
std::vector<Case> that_leave_the_program_alone() {
    std::vector<Case> cases;
    std::ranges::remove_copy_if(crash_cases, std::back_inserter(cases), &Case::ends_the_program);
    return cases;
}
INSTANTIATE_TEST_SUITE_P(Loky, CrashCases, testing::ValuesIn(crash_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Loky, CrashCasesInCallbacks,
                         testing::ValuesIn(that_leave_the_program_alone()), name_of);

TEST_F(TestExecutorDeadLock, test_callback_crash_on_submit) {
    testing::internal::CaptureStderr();
    std::atomic<int> called{0};
    pool.submit(same, 42).then([&](const mp::Outcome<int>&) {
        ++called;
        throw std::out_of_range("in a callback");
    });
    EXPECT_TRUE(support::eventually([&] { return called == 1; }));
    pool.submit(same, 42).then([&](const mp::Outcome<int>&) { ++called; });
    EXPECT_TRUE(support::eventually([&] { return called == 2; }));
    EXPECT_EQ(pool.submit(same, 42).get(), 42);
    EXPECT_TRUE(support::contains(testing::internal::GetCapturedStderr(), "in a callback"));
}

TEST_F(TestExecutorDeadLock, test_deadlock_kill) {
    support::Shared<Counter> started;
    mp::Pool one{1};
    auto result = one.submit([s = started.get()] {
        ++*s;
        support::wait_for_ever();
    });
    support::await(*started);
    const std::vector<pid_t> pids = one.worker_pids();
    ASSERT_EQ(pids.size(), 1U);
    ASSERT_EQ(::kill(pids[0], SIGKILL), 0);
    EXPECT_EQ(fate_of([&] { result.get(); }), "SIGKILL");
    EXPECT_EQ(one.submit(same, 42).get(), 42) << "of the replacement";
}

class CrashRaces : public testing::TestWithParam<int> {};

/// Each kills the next: all at once, or while others take their items or die of one.
TEST_P(CrashRaces, test_crash_races) {
    const int processes = GetParam();
    support::Shared<Counter> started;
    mp::Pool pool{processes};
    for (int round = 0; round < 4; ++round) {
        const bool together = round % 2 == 0;
        *started = 0;
        std::vector<pid_t> pids;
        ASSERT_TRUE(support::eventually([&] {
            pids = pool.worker_pids();
            return static_cast<int>(pids.size()) == processes;
        }));
        std::ranges::reverse(pids);
        const auto outcomes = pool.try_map(
            [s = started.get(), wait_for = together ? processes : 0](pid_t pid) {
                ++*s;
                support::await(*s, wait_for);
                kill_friend(pid);
            },
            pids, {.chunksize = 1});
        int dead = 0;
        for (const auto& outcome : outcomes) {
            if (!outcome) {
                EXPECT_EQ(fate_of([&] { outcome.rethrow(); }), "SIGKILL");
                ++dead;
            }
        }
        if (together) {
            EXPECT_GE(dead, 1) << "all of them ran when the first was killed";
        }
        EXPECT_EQ(pool.map(same, numbers(50), {.chunksize = 1}), numbers(50));
    }
}

TEST_P(CrashRaces, test_crash_races_with_retries) {
    mp::Pool pool{GetParam()};
    const std::vector<pid_t> pids = pool.worker_pids();
    pool.for_each(kill_friend, pids, {.chunksize = 1, .retries = 20});
    EXPECT_EQ(pool.map(same, numbers(50), {.chunksize = 1}), numbers(50));
}

INSTANTIATE_TEST_SUITE_P(Loky, CrashRaces, testing::Values(1, 2, 5, 13),
                         testing::PrintToStringParamName());

TEST_F(TestExecutorDeadLock, test_imap_handle_iterable_exception) {
    int read = 0;
    for (const std::size_t chunksize : {1U, 2U, 4U}) {
        EXPECT_THROW(
            pool.map(same,
                     feeds::Once([](int i) { return i == 7 ? throw std::logic_error("") : i; },
                                 read, 20),
                     {.chunksize = chunksize}),
            std::logic_error);
    }
}

TEST_F(TestExecutorDeadLock, test_queue_full_deadlock) {
    mp::Pool one{1};
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 100; ++i) {
        EXPECT_THROW(one.submit(take, Bad{Deed::error, When::written}), std::out_of_range);
        results.push_back(one.submit(take, Bad{Deed::error, When::read}));
    }
    for (int i = 0; i < 100; ++i) {
        results.push_back(one.submit(take, Bad{}));
    }
    EXPECT_THROW(results[99].get(), std::out_of_range);
    EXPECT_EQ(results[199].get(), 42);
}

TEST_F(TestExecutorDeadLock, test_informative_error_when_fail_at_unpickle) {
    auto result = pool.submit(take, Bad{Deed::error, When::read});
    try {
        result.get();
        ADD_FAILURE() << "it did not fail";
    } catch (const mp::TaskFailure& failure) {
        EXPECT_EQ(failure.type_name(), "std::out_of_range");
        EXPECT_TRUE(support::contains(failure.message(), "thrown on the way"));
    }
}

class TestTerminateExecutor : public TestExecutorDeadLock {};

TEST_F(TestTerminateExecutor, test_shutdown_kill) {
    mp::Pool five{5};
    const std::vector<pid_t> pids = five.worker_pids();
    auto quick = five.map_async(same, numbers(100));
    quick.wait();
    auto slow = five.map_async([](int) { support::wait_for_ever(); }, numbers(100));
    const auto start = support::Clock::now();
    five.terminate();
    five.join();
    EXPECT_LT(support::Clock::now() - start, support::patience);
    EXPECT_TRUE(std::ranges::none_of(pids, support::exists));
    EXPECT_EQ(quick.get(), numbers(100));
    EXPECT_THROW(slow.get(), mp::PoolTerminated);
}

TEST_F(TestTerminateExecutor, test_shutdown_deadlock) {
    auto result = pool.submit(kill_friend, pool.worker_pids().front());
    pool.close();
    pool.join();
    EXPECT_TRUE(result.ready());
}

TEST_F(TestTerminateExecutor, test_kill_workers_on_new_options) {
    auto result = pool.submit(support::wait_for_ever);
    pool = mp::Pool{{.processes = 2, .max_tasks_per_child = 1}};
    EXPECT_THROW(result.get(), mp::PoolTerminated);
    EXPECT_EQ(pool.submit(same, 42).get(), 42);
}

/// Kills its worker, or ends it, when it is destroyed there.
struct BadAtItsEnd {
    Deed deed = Deed::none;
    pid_t home = ::getpid();
    BadAtItsEnd() = default;
    explicit BadAtItsEnd(Deed what) : deed(what) {}
    BadAtItsEnd(BadAtItsEnd&& other) noexcept : deed(other.deed), home(other.home) {
        other.deed = Deed::none;
    }
    BadAtItsEnd& operator=(BadAtItsEnd&&) = delete;
    ~BadAtItsEnd() {
        if (home != ::getpid()) {
            travellers::act(deed);
        }
    }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(deed, home);
    }
};

TEST_F(TestTerminateExecutor, test_call_item_gc_crash_or_exit) {
    const auto with = [&](Deed deed) {
        return fate_of([&] {
            EXPECT_EQ(pool.apply([](const BadAtItsEnd&) { return 7; }, BadAtItsEnd(deed)), 7);
        });
    };
    EXPECT_EQ(with(Deed::none), "a value");
    EXPECT_EQ(with(Deed::crash), "SIGSEGV");
    EXPECT_EQ(with(Deed::quiet_exit), "EXIT(0)");
    EXPECT_EQ(pool.submit(same, 42).get(), 42);
}

TEST_F(TestTerminateExecutor, test_sigkill_shutdown_leaks_workers) {
    support::Shared<support::Roll> workers;
    const int status = support::status_of_child([&] {
        mp::Pool own{2};
        EXPECT_EQ(own.map(same, numbers(100)), numbers(100));
        std::ranges::for_each(own.worker_pids(), [&](pid_t pid) { workers->call(pid); });
        return std::raise(SIGKILL) == 0;
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(workers->size(), 2U);
    for (const pid_t pid : workers->pids()) {
        EXPECT_TRUE(support::eventually([&] { return !support::runs(pid); }));
    }
}

class ProcessExecutor : public TestExecutorDeadLock {};

TEST_F(ProcessExecutor, test_processes_crash_handling_after_executor_gc) {
    support::Shared<Counter> gate;
    auto own = std::make_unique<mp::Pool>(2);
    auto crash = own->submit([g = gate.get()] {
        support::await(*g);
        std::raise(SIGSEGV);
    });
    own->close();
    ++*gate;
    own->join();
    own.reset();
    EXPECT_EQ(fate_of([&] { crash.get(); }), "SIGSEGV") << "of a pool that is gone";
}

TEST_F(ProcessExecutor, test_killed_child) {
    support::Shared<Counter> started;
    mp::Pool two{2};
    auto result = two.submit([s = started.get()] {
        *s = ::getpid();
        support::wait_for_ever();
    });
    support::await(*started);
    ASSERT_EQ(::kill(*started, SIGTERM), 0);
    try {
        result.get();
        ADD_FAILURE() << "it did not fail";
    } catch (const mp::WorkerDied& died) {
        EXPECT_EQ(died.signal(), SIGTERM);
        EXPECT_EQ(died.worker_pid(), *started);
    }
    EXPECT_EQ(two.submit(same, 42).get(), 42);
}

TEST_F(ProcessExecutor, test_exited_child) {
    EXPECT_EQ(fate_of([&] { pool.submit([] { std::exit(42); }).get(); }), "EXIT(42)");
    EXPECT_EQ(pool.submit(same, 42).get(), 42);
}

/// A pool in a task of a pool in a task ...
int at_depth(int depth) {
    mp::Pool pool{1};
    return depth == 1 ? pool.apply(same, 42) : pool.apply(at_depth, depth - 1);
}

TEST_F(ProcessExecutor, test_max_depth) { EXPECT_EQ(at_depth(10), 42); }

}  // namespace
