// What pebble's tests ask of a ProcessPool that is to stop what runs (test_process_pool_fork.py:
// timeouts, cancelling, ending, large data), asked of a Pool. Each test has the name of the one
// whose semantics it checks; docs/conformance.md says where they differ, and why.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "conformance/travellers.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::Counter;
using support::numbers;

namespace {

int same(int x) { return x; }

class TestProcessPool : public testing::Test {
protected:
    support::Shared<Counter> started, gate;
    mp::Pool pool{1};

    /// Runs until it is killed.
    auto endless() {
        return [s = started.get()] {
            ++*s;
            support::wait_for_ever();
            return 0;
        };
    }
    mp::AsyncResult<int> running() {
        auto result = pool.submit(endless());
        support::await(*started);
        return result;
    }
    /// The kind of error with which a callback was called.
    template <class Error>
    static bool calls_back_with(mp::AsyncResult<int> result, auto&& meanwhile) {
        std::atomic<int> called{0};
        std::move(result).then([&](const mp::Outcome<int>& outcome) {
            try {
                outcome.rethrow();
                called = -1;
            } catch (const Error&) {
                called = 1;
            }
        });
        meanwhile();
        EXPECT_TRUE(support::eventually([&] { return called != 0; }));
        return called == 1;
    }
};

TEST_F(TestProcessPool, test_process_pool_timeout) {
    auto result = pool.submit({.timeout = 100ms}, endless());
    EXPECT_THROW(result.get(), mp::TaskTimeout);
}

TEST_F(TestProcessPool, test_process_pool_timeout_callback) {
    EXPECT_TRUE(
        calls_back_with<mp::TaskTimeout>(pool.submit({.timeout = 100ms}, endless()), [] {}));
}

TEST_F(TestProcessPool, test_process_pool_stop_timeout) {
    const pid_t before = pool.apply(::getpid);
    auto result = pool.submit({.timeout = 100ms}, endless());
    support::await(*started);
    EXPECT_NE(pool.apply(::getpid), before);
    EXPECT_THROW(result.get(), mp::TaskTimeout);
    EXPECT_TRUE(support::eventually([&] { return !support::exists(before); }));
}

TEST_F(TestProcessPool, test_process_pool_ignoring_sigterm) {
    auto result = pool.submit({.timeout = 100ms, .grace = 50ms}, [] {
        std::signal(SIGTERM, SIG_IGN);
        support::wait_for_ever();
    });
    EXPECT_THROW(result.get(), mp::TaskTimeout);
}

TEST_F(TestProcessPool, test_process_pool_map_timeout) {
    auto stream =
        pool.imap([task = endless()](int) { return task(); }, {1, 2, 3}, {.timeout = 100ms});
    for (int i = 0; i < 3; ++i) {
        EXPECT_THROW(stream.next(), mp::TaskTimeout) << "each has its own";
    }
    EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(TestProcessPool, test_process_pool_map_timeout_chunks) {
    // There it bounds a chunk; here an item, whatever the chunks: one of five costs itself.
    const auto one_is_late = [task = endless()](int x) { return x == 2 ? task() : x; };
    const auto outcomes = pool.try_map(one_is_late, numbers(5), {.chunksize = 5, .timeout = 2s});
    for (int i = 0; i < 5; ++i) {
        const auto& outcome = outcomes[static_cast<std::size_t>(i)];
        if (i == 2) {
            EXPECT_THROW(outcome.rethrow(), mp::TaskTimeout);
        } else {
            EXPECT_EQ(*outcome, i);
        }
    }
}

TEST_F(TestProcessPool, test_process_pool_cancel) {
    auto result = running();
    EXPECT_TRUE(result.cancel());
    EXPECT_THROW(result.get(), mp::TaskCancelled);
}

TEST_F(TestProcessPool, test_process_pool_cancel_callback) {
    // then() takes the result; what cancels it meanwhile is a stop_token.
    std::stop_source source;
    EXPECT_TRUE(calls_back_with<mp::TaskCancelled>(
        pool.submit({.stop = source.get_token()}, endless()), [&] {
            support::await(*started);
            source.request_stop();
        }));
}

TEST_F(TestProcessPool, test_process_pool_stop_cancel) {
    const pid_t before = pool.apply(::getpid);
    auto result = running();
    result.cancel();
    EXPECT_NE(pool.apply(::getpid), before);
    EXPECT_TRUE(support::eventually([&] { return !support::exists(before); }));
}

TEST_F(TestProcessPool, test_process_pool_map_cancel) {
    std::stop_source source;
    auto stream = pool.imap([task = endless()](int x) { return x == 0 ? x : task(); }, numbers(5),
                            {.stop = source.get_token()});
    EXPECT_EQ(stream.next(), 0);
    support::await(*started);
    source.request_stop();
    int cancelled = 0;
    for (bool more = true; more;) {
        try {
            more = stream.next().has_value();
        } catch (const mp::TaskCancelled&) {
            ++cancelled;
        }
    }
    EXPECT_GE(cancelled, 1);
    EXPECT_EQ(*started, 1) << "nothing more has started";
    EXPECT_EQ(pool.apply(same, 7), 7);
}

TEST_F(TestProcessPool, test_process_pool_close_futures) {
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 10; ++i) {
        results.push_back(pool.submit(same, i));
    }
    pool.close();
    pool.join();
    for (auto& result : results) {
        EXPECT_TRUE(result.successful());
    }
}

TEST_F(TestProcessPool, test_process_pool_stop_futures) {
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(running());
    for (int i = 0; i < 10; ++i) {
        results.push_back(pool.submit(same, i));
    }
    pool.terminate();
    pool.join();
    for (auto& result : results) {
        EXPECT_TRUE(result.ready()) << "there some never are";
        EXPECT_THROW(result.get(), mp::PoolTerminated);
    }
}

TEST_F(TestProcessPool, test_process_pool_stop_stopped_callback) {
    std::atomic<bool> called{false};
    pool.submit(same, 1).then([&](const mp::Outcome<int>&) {
        pool.terminate();
        called = true;
    });
    EXPECT_TRUE(support::eventually([&] { return called.load(); }));
    EXPECT_THROW(pool.submit(same, 2), mp::PoolTerminated);
    pool.join();
}

TEST_F(TestProcessPool, test_process_pool_join_workers) {
    mp::Pool four{4};
    const std::vector<pid_t> pids = four.worker_pids();
    four.terminate();
    four.join();
    EXPECT_EQ(pids.size(), 4U);
    EXPECT_TRUE(std::ranges::none_of(pids, support::exists));
}

TEST_F(TestProcessPool, test_process_pool_join_futures_timeout) {
    // join() has no timeout. wait_all has, and terminate() ends what is late.
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(running());
    results.push_back(pool.submit(endless()));
    pool.close();
    EXPECT_FALSE(mp::wait_all(results, 50ms));
    pool.terminate();
    pool.join();
    EXPECT_TRUE(mp::wait_all(results, 0ns));
}

TEST_F(TestProcessPool, test_process_pool_exception_isolated) {
    EXPECT_THROW(pool.submit([]() -> int { throw 7; }).get(), mp::RemoteError);
    EXPECT_EQ(pool.apply(same, 2), 2);
}

TEST_F(TestProcessPool, test_process_pool_expired_worker) {
    const pid_t worker = pool.worker_pids().front();
    try {
        pool.submit([] { ::_exit(1); }).get();
        ADD_FAILURE() << "it did not fail";
    } catch (const mp::WorkerDied& died) {
        EXPECT_EQ(died.exit_status(), 1);
        EXPECT_EQ(died.worker_pid(), worker);
    }
}

/// As large as there: 100 MB.
const std::string& large() {
    static const std::string data(100'000'000, 'a');
    return data;
}

TEST_F(TestProcessPool, test_process_pool_large_data) {
    EXPECT_TRUE(pool.apply([](std::string&& data) { return std::move(data); }, large()) == large());
}

TEST_F(TestProcessPool, test_process_pool_stop_large_data) {
    auto result = pool.submit(
        [s = started.get()](const std::string& data) {
            ++*s;
            support::wait_for_ever();
            return data.size();
        },
        large());
    auto behind = pool.submit(&std::string::size, large());
    support::await(*started);
    pool.terminate();
    pool.join();
    EXPECT_THROW(result.get(), mp::PoolTerminated);
    EXPECT_THROW(behind.get(), mp::PoolTerminated);
}

TEST_F(TestProcessPool, test_pool_deadlock_stop) {
    // There a worker that dies with the lock of the channel ends the pool. Here there is no lock,
    // and no channel: each of these workers is killed where it waits for its next task.
    for (int round = 0; round < 10; ++round) {
        const pid_t worker = pool.apply(::getpid);
        ASSERT_EQ(::kill(worker, SIGKILL), 0);
        ASSERT_TRUE(support::eventually([&] { return !support::exists(worker); }));
        EXPECT_EQ(pool.apply(same, round), round);
    }
}

TEST_F(TestProcessPool, test_pool_deadlock) {
    EXPECT_THROW(
        pool.submit(travellers::give, travellers::Deed::quiet_exit, travellers::When::written)
            .get(),
        mp::WorkerDied);
    EXPECT_EQ(pool.apply(same, 7), 7);
}

TEST_F(TestProcessPool, test_pool_deadlock_stop_cancel) {
    mp::Pool two{2};
    const std::string data(10'000'000, 'A');
    std::vector<mp::AsyncResult<std::string>> results;
    for (int i = 0; i < 10; ++i) {
        results.push_back(two.submit([](std::string&& mine) { return std::move(mine); }, data));
    }
    mp::wait_any(results);
    for (auto& result : results) {
        result.cancel();
    }
    two.terminate();
    for (auto& result : results) {
        EXPECT_TRUE(result.ready());
        const auto outcome = result.outcome();
        EXPECT_TRUE(!outcome || *outcome == data);
    }
}

}  // namespace
