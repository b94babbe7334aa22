// What CPython's tests ask of concurrent.futures.ProcessPoolExecutor when something goes wrong on
// the way to a worker, in it and on the way back (ExecutorDeadlockTest), asked of a Pool. Each test
// has the name of the one whose semantics it checks; docs/conformance.md says where they differ.
// There one such task breaks the executor and fails every other; here it costs itself.

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "conformance/travellers.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::Counter;
using travellers::Bad;
using travellers::Deed;
using travellers::give;
using travellers::take;
using travellers::When;

namespace {

class ExecutorDeadlockTest : public testing::Test {
protected:
    support::Shared<Counter> gate;
    mp::Pool pool{2};

    /// That other calls are unharmed: one that was under way, and one that comes later.
    mp::AsyncResult<int> other = pool.submit([g = gate.get()] {
        support::await(*g);
        return 42;
    });
    void TearDown() override {
        ++*gate;
        EXPECT_EQ(other.get(), 42);
        EXPECT_EQ(pool.submit(take, Bad{}).get(), 42);
        pool.close();
        pool.join();
    }

    template <class Result>
    static void expect_exit(Result& result, int status) {
        try {
            result.get();
            ADD_FAILURE() << "it did not fail";
        } catch (const mp::WorkerDied& died) {
            EXPECT_EQ(died.signal(), 0);
            EXPECT_EQ(died.exit_status(), status);
        }
    }
    template <class Result>
    static void expect_crash(Result& result) {
        try {
            result.get();
            ADD_FAILURE() << "it did not fail";
        } catch (const mp::WorkerDied& died) {
            EXPECT_EQ(died.signal(), SIGSEGV);
        }
    }
};

TEST_F(ExecutorDeadlockTest, test_error_at_task_pickle) {
    EXPECT_THROW(pool.submit(take, Bad{Deed::error, When::written}), std::out_of_range);
}

TEST_F(ExecutorDeadlockTest, test_exit_at_task_unpickle) {
    auto result = pool.submit(take, Bad{Deed::exit, When::read});
    expect_exit(result, 1);
}

TEST_F(ExecutorDeadlockTest, test_error_at_task_unpickle) {
    auto result = pool.submit(take, Bad{Deed::error, When::read});
    EXPECT_THROW(result.get(), std::out_of_range);
}

TEST_F(ExecutorDeadlockTest, test_crash_at_task_unpickle) {
    auto result = pool.submit(take, Bad{Deed::crash, When::read});
    expect_crash(result);
}

TEST_F(ExecutorDeadlockTest, test_crash_during_func_exec_on_worker) {
    auto result = pool.submit(travellers::act, Deed::crash);
    expect_crash(result);
}

TEST_F(ExecutorDeadlockTest, test_exit_during_func_exec_on_worker) {
    auto result = pool.submit(travellers::act, Deed::exit);
    expect_exit(result, 1);
}

TEST_F(ExecutorDeadlockTest, test_error_during_func_exec_on_worker) {
    EXPECT_THROW(pool.submit(travellers::act, Deed::error).get(), std::out_of_range);
}

TEST_F(ExecutorDeadlockTest, test_crash_during_result_pickle_on_worker) {
    auto result = pool.submit(give, Deed::crash, When::written);
    expect_crash(result);
}

TEST_F(ExecutorDeadlockTest, test_exit_during_result_pickle_on_worker) {
    auto result = pool.submit(give, Deed::exit, When::written);
    expect_exit(result, 1);
}

TEST_F(ExecutorDeadlockTest, test_error_during_result_pickle_on_worker) {
    EXPECT_THROW(pool.submit(give, Deed::error, When::written).get(), std::out_of_range);
}

TEST_F(ExecutorDeadlockTest, test_error_during_result_unpickle_in_result_handler) {
    EXPECT_THROW(pool.submit(give, Deed::error, When::read).get(), std::out_of_range);
}

TEST_F(ExecutorDeadlockTest, test_exit_during_result_unpickle_in_result_handler) {
    // It is read by the thread that wants it: what ends there is the program, with its workers.
    const int status = support::status_of_child([] {
        mp::Pool own{1};
        own.submit(give, Deed::exit, When::read).get();
        return true;
    });
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(ExecutorDeadlockTest, test_shutdown_deadlock) {
    mp::Pool closed{2};
    auto result = closed.submit([g = gate.get()] {
        support::await(*g);
        std::raise(SIGSEGV);
    });
    closed.close();
    ++*gate;
    closed.join();
    expect_crash(result);
}

TEST_F(ExecutorDeadlockTest, test_shutdown_deadlock_pickle) {
    mp::Pool closed{2};
    EXPECT_EQ(closed.submit(take, Bad{}).get(), 42);
    auto result = closed.submit(take, Bad{Deed::error, When::read});
    closed.close();
    EXPECT_THROW(result.get(), std::out_of_range);
    closed.join();
}

TEST_F(ExecutorDeadlockTest, test_crash_big_data) {
    const std::string large(1 << 20U, 'a');
    std::vector<mp::AsyncResult<std::string>> results;
    for (int i = 0; i < 10; ++i) {
        results.push_back(pool.submit(
            [](int number, std::string&& data) {
                travellers::act(number % 2 == 0 ? Deed::crash : Deed::none);
                return std::move(data);
            },
            i, large));
    }
    for (std::size_t i = 0; i < 10; ++i) {
        if (i % 2 == 0) {
            expect_crash(results[i]);
        } else {
            EXPECT_EQ(results[i].get(), large);
        }
    }
}

TEST_F(ExecutorDeadlockTest, test_gh105829_should_not_deadlock_if_wakeup_pipe_full) {
    // There every submission writes to a pipe that only the manager empties. Here many more
    // submissions than any queue holds wait at most for the workers.
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 20'000; ++i) {
        results.push_back(pool.submit([](int x) { return x; }, i));
    }
    for (int i = 0; i < 20'000; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i);
    }
}

}  // namespace
