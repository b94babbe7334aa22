// What mpire's tests ask of a WorkerPool whose tasks last or whose workers die (test_pool.py:
// TimeoutTest, ExceptionTest), asked of a Pool. Each test has the name of the one whose semantics
// it checks; docs/conformance.md says where they differ, and why.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::Counter;
using support::numbers;

namespace {

int same(int x) { return x; }
int never(int x) {
    support::wait_for_ever();
    return x;
}

TEST(TimeoutTest, test_worker_init_timeout) {
    mp::Pool in_time{{.processes = 2, .initializer = [] {}}};
    EXPECT_EQ(in_time.map(same, numbers(3), {.timeout = 100s}), numbers(3));

    // An initializer has no bound of its own: who waits has one, and ends the pool.
    mp::Pool pool{{.processes = 2, .initializer = [] { support::wait_for_ever(); }}};
    auto result = pool.map_async(same, numbers(3), {.timeout = 10ms});
    EXPECT_FALSE(result.wait(100ms)) << "a timeout is that of items, which have not started";
    pool.terminate();
    pool.join();
    EXPECT_THROW(result.get(), mp::PoolTerminated);
}

TEST(TimeoutTest, test_worker_task_timeout) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map(same, numbers(3), {.timeout = 100s}), numbers(3));
    EXPECT_THROW(pool.map(never, numbers(3), {.timeout = 10ms}), mp::TaskTimeout);
    auto stream = pool.imap(never, numbers(3), {.timeout = 10ms});
    EXPECT_THROW(stream.next(), mp::TaskTimeout);
    EXPECT_THROW(pool.apply({.timeout = 10ms}, never, 1), mp::TaskTimeout);
    EXPECT_EQ(pool.apply(same, 7), 7) << "there the pool is gone after the first";
}

TEST(TimeoutTest, test_worker_exit_timeout) {
    mp::Pool in_time{{.processes = 2, .finalizer = [] {}}};
    EXPECT_EQ(in_time.map(same, numbers(3)), numbers(3));
    in_time.close();
    in_time.join();

    // The bound of a finalizer is fixed; what it does costs no result.
    mp::Pool pool{{.processes = 2, .finalizer = [] { support::wait_for_ever(); }}};
    EXPECT_EQ(pool.map(same, numbers(3)), numbers(3));
    const auto start = support::Clock::now();
    pool.close();
    pool.join();
    EXPECT_GE(support::Clock::now() - start, 4s);
    EXPECT_LT(support::Clock::now() - start, support::patience);
}

TEST(TimeoutTest, test_apply_async_multiple_task_timeout) {
    mp::Pool pool{3};
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 6; ++i) {
        results.push_back(i % 2 == 0 ? pool.submit({.timeout = 30s}, same, i)
                                     : pool.submit(mp::TaskOptions{.timeout = 100ms}, never, i));
    }
    for (int i = 0; i < 6; ++i) {
        auto& result = results[static_cast<std::size_t>(i)];
        if (i % 2 == 0) {
            EXPECT_EQ(result.get(), i);
        } else {
            EXPECT_THROW(result.get(), mp::TaskTimeout);
        }
    }
}

class ExceptionTest : public testing::TestWithParam<std::tuple<int, int>> {
protected:
    mp::PoolOptions options{
        .processes = std::get<0>(GetParam()),
        .max_tasks_per_child = static_cast<std::size_t>(std::get<1>(GetParam()))};
};

TEST_P(ExceptionTest, test_exceptions) {
    mp::Pool pool{options};
    const auto raises = [](int) -> int { throw std::invalid_argument("as always"); };
    const auto raises_on_five = [](int x) { return x == 5 ? throw std::invalid_argument("5") : x; };
    EXPECT_THROW(pool.map(raises, numbers(20)), std::invalid_argument);
    EXPECT_THROW(pool.map(raises_on_five, numbers(20)), std::invalid_argument);
    EXPECT_THROW(pool.imap_unordered(raises, numbers(20)).next(), std::invalid_argument);
    auto stream = pool.imap_unordered(raises_on_five, numbers(20));
    int values = 0, errors = 0;
    for (bool more = true; more;) {
        try {
            more = stream.next().has_value();
            values += more ? 1 : 0;
        } catch (const std::invalid_argument&) {
            ++errors;
        }
    }
    EXPECT_EQ(values, 19);
    EXPECT_EQ(errors, 1);
}

TEST_P(ExceptionTest, test_defunct_processes_exit) {
    mp::Pool pool{options};
    const auto outcomes = pool.try_map([](int) { std::exit(0); }, numbers(20));
    for (const auto& outcome : outcomes) {
        EXPECT_THROW(outcome.rethrow(), mp::WorkerDied);
    }
    EXPECT_EQ(pool.apply(same, 7), 7);
}

TEST_P(ExceptionTest, test_defunct_processes_kill_map) {
    support::Shared<Counter> sleeper;
    mp::Pool pool{options};
    std::thread killer([&] {
        support::await(*sleeper);
        ::kill(*sleeper, SIGTERM);
    });
    const auto outcomes = pool.try_map(
        [s = sleeper.get()](int x) {
            if (x == 0) {
                *s = ::getpid();
                support::wait_for_ever();
            }
            return x * x;
        },
        numbers(100), {.chunksize = 1});
    killer.join();
    EXPECT_THROW(outcomes[0].rethrow(), mp::WorkerDied);
    for (int i = 1; i < 100; ++i) {
        EXPECT_EQ(*outcomes[static_cast<std::size_t>(i)], i * i) << "there all of them are lost";
    }
}

TEST_P(ExceptionTest, test_defunct_processes_kill_apply) {
    support::Shared<Counter> sleeper;
    mp::Pool pool{options};
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 100; ++i) {
        results.push_back(pool.submit(
            [s = sleeper.get()](int x) {
                if (x == 0) {
                    *s = ::getpid();
                    support::wait_for_ever();
                }
                return x * x;
            },
            i));
    }
    support::await(*sleeper);
    ASSERT_EQ(::kill(*sleeper, SIGTERM), 0);
    mp::wait_all(results);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(results[i].successful(), i != 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Mpire, ExceptionTest,
                         testing::Values(std::tuple{1, 0}, std::tuple{3, 1}, std::tuple{3, 3}));

TEST(ExceptionsOfStreams, test_dill_deadlock) {
    mp::Pool pool{5};
    const auto divide = [](int x, int y, int z) {
        return z == 0 ? throw std::domain_error("divided by zero") : x * y / z;
    };
    const auto all = [&] {
        std::vector<std::tuple<int, int, int>> data;
        for (int i = 0; i < 100; ++i) {
            data.emplace_back(i, 42 + i, 10 - i);
        }
        const auto spread = [divide](const std::tuple<int, int, int>& item) {
            return std::apply(divide, item);
        };
        for (const int quotient : pool.imap(spread, data)) {
            EXPECT_GE(quotient, -100'000);
        }
    };
    EXPECT_THROW(all(), std::domain_error);
}

}  // namespace
