// What CPython's tests ask of the end of an executor of concurrent.futures (ExecutorShutdownTest,
// ProcessPoolShutdownTest), asked of a Pool. Each test has the name of the one whose semantics it
// checks; docs/conformance.md says where they differ, and why.

#include <algorithm>
#include <optional>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::Counter;
using support::numbers;
using support::squares;

namespace {

int square(int x) { return x * x; }

class ExecutorShutdownTest : public testing::Test {
protected:
    support::Shared<Counter> started, gate, ended;
    std::optional<mp::Pool> pool{std::in_place, 2};

    mp::AsyncResult<void> when_it_may() {
        return pool->submit([s = started.get(), g = gate.get(), e = ended.get()] {
            ++*s;
            support::await(*g);
            ++*e;
        });
    }
    static bool all_gone(const std::vector<pid_t>& pids) {
        return std::ranges::none_of(pids, support::exists);
    }
};
using ProcessPoolShutdownTest = ExecutorShutdownTest;

TEST_F(ExecutorShutdownTest, test_run_after_shutdown) {
    pool->close();
    EXPECT_THROW(pool->submit(square, 2), mp::PoolClosed);
    pool->join();
    EXPECT_THROW(pool->submit(square, 2), mp::PoolClosed);
}

TEST_F(ExecutorShutdownTest, test_interpreter_shutdown) {
    support::Program drained("conformance/exit", {"drained"});
    EXPECT_EQ(drained.line(), "apple") << "a program that wants all of it says so";
    EXPECT_EQ(drained.wait(), 0);

    support::Program other("conformance/exit", {"left"});
    EXPECT_EQ(other.wait(), 0) << "and any other ends at once";
    EXPECT_TRUE(support::eventually([&] { return other.offspring().empty(); }));
}

TEST_F(ExecutorShutdownTest, test_submit_after_interpreter_shutdown) {
    support::Program program("conformance/exit", {"in a handler"});
    const int status = program.wait();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 36) << "a pool works until it is destroyed";
}

TEST_F(ExecutorShutdownTest, test_hang_issue12364) {
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 50; ++i) {
        results.push_back(pool->submit(
            [](int x) {
                ::usleep(5'000);
                return x;
            },
            i));
    }
    pool->close();
    pool->join();
    for (int i = 0; i < 50; ++i) {
        auto& result = results[static_cast<std::size_t>(i)];
        EXPECT_TRUE(result.ready());
        EXPECT_EQ(result.get(), i);
    }
}

TEST_F(ExecutorShutdownTest, test_cancel_futures) {
    std::vector<mp::AsyncResult<void>> results;
    for (int i = 0; i < 50; ++i) {
        results.push_back(when_it_may());
    }
    support::await(*started, 2);
    pool->close();
    for (auto& result : results) {
        EXPECT_TRUE(result.cancel(support::patience));  // what runs may end
    }
    ++*gate;
    pool->join();
    EXPECT_EQ(*started, 2) << "nothing that had not started has started";
    EXPECT_EQ(*ended, 2);
    int cancelled = 0;
    for (auto& result : results) {
        const auto outcome = result.outcome();
        if (!outcome) {
            EXPECT_THROW(outcome.rethrow(), mp::TaskCancelled);
            ++cancelled;
        }
    }
    EXPECT_EQ(cancelled, 48);
}

TEST_F(ExecutorShutdownTest, test_hang_gh83386) {
    support::Program closed("conformance/exit", {"closed"});
    EXPECT_EQ(closed.wait(), 0);
    EXPECT_TRUE(support::eventually([&] { return closed.offspring().empty(); }));
}

TEST_F(ProcessPoolShutdownTest, test_processes_terminate) {
    for (int i = 0; i < 3; ++i) {
        when_it_may();
    }
    const std::vector<pid_t> pids = pool->worker_pids();
    EXPECT_EQ(pids.size(), 2U);
    ++*gate;
    pool->close();
    pool->join();
    EXPECT_EQ(*ended, 3);
    EXPECT_TRUE(all_gone(pids));
}

TEST_F(ProcessPoolShutdownTest, test_context_manager_shutdown) {
    std::vector<pid_t> pids;
    {
        mp::Pool five{5};
        pids = five.worker_pids();
        EXPECT_EQ(five.map(square, numbers(10)), squares(10));
    }
    EXPECT_EQ(pids.size(), 5U);
    EXPECT_TRUE(all_gone(pids));
}

TEST_F(ProcessPoolShutdownTest, test_del_shutdown) {
    auto pending = when_it_may();
    auto done = pool->map_async(square, numbers(10));
    done.wait();
    support::await(*started);
    const std::vector<pid_t> pids = pool->worker_pids();
    pool.reset();
    EXPECT_TRUE(all_gone(pids));
    EXPECT_EQ(done.get(), squares(10)) << "what was computed is there";
    EXPECT_THROW(pending.get(), mp::PoolTerminated) << "and nothing is waited for";
}

TEST_F(ProcessPoolShutdownTest, test_shutdown_no_wait) {
    auto pending = when_it_may();
    auto results = pool->map_async(square, numbers(10));
    pool->close();
    ++*gate;
    EXPECT_EQ(results.get(), squares(10));
    pending.get();
    const std::vector<pid_t> pids = pool->worker_pids();
    pool->join();
    EXPECT_TRUE(all_gone(pids));
}

}  // namespace
