// What CPython's tests ask of concurrent.futures' wait and as_completed (WaitTests,
// AsCompletedTests), asked of wait_any, wait_all and as_completed. Each test has the name of the
// one whose semantics it checks; docs/conformance.md says where they differ, and why.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::Counter;

namespace {

using Results = std::vector<mp::AsyncResult<int>>;

/// One of every kind: a value, an error, one that was cancelled, some that come when they may.
class FuturesTest : public testing::Test {
protected:
    support::Shared<Counter> gate;
    mp::Pool pool{3};

    mp::AsyncResult<int> product(int a, int b) {
        return pool.submit([](int x, int y) { return x * y; }, a, b);
    }
    mp::AsyncResult<int> error() {
        return pool.submit([]() -> int { throw std::domain_error("divided by zero"); });
    }
    mp::AsyncResult<int> when_it_may(int value = 0) {
        return pool.submit(
            [g = gate.get()](int mine) {
                support::await(*g);
                return mine;
            },
            value);
    }
    mp::AsyncResult<int> ready(mp::AsyncResult<int> result) {
        result.wait();
        return result;
    }
    mp::AsyncResult<int> cancelled() {
        auto result = when_it_may();
        result.cancel();
        return ready(std::move(result));
    }
    void open() { ++*gate; }

    template <class... Result>
    static Results list(Result... result) {
        Results results;
        (results.push_back(std::move(result)), ...);
        return results;
    }
    static std::vector<bool> ready_ones(Results& results) {
        std::vector<bool> which;
        for (auto& result : results) {
            which.push_back(result.ready());
        }
        return which;
    }
    static std::string kind_of(mp::AsyncResult<int>& result) {
        try {
            return std::to_string(result.get());
        } catch (const mp::TaskCancelled&) {
            return "cancelled";
        } catch (const std::domain_error&) {
            return "error";
        }
    }
};
using WaitTests = FuturesTest;
using AsCompletedTests = FuturesTest;

/// What a range is that has the first result twice.
auto twice(Results& results) {
    return std::views::iota(0, 2) |
           std::views::transform([&results](int) -> mp::AsyncResult<int>& { return results[0]; });
}

TEST_F(WaitTests, test_20369) {
    Results results = list(when_it_may(7));
    auto both = twice(results);
    EXPECT_FALSE(mp::wait_all(both, 0ns));
    open();
    mp::wait_all(both);
    EXPECT_EQ(results[0].get(), 7);
}

TEST_F(WaitTests, test_first_completed) {
    Results results = list(when_it_may(), product(21, 2));
    auto first = mp::wait_any(results);
    EXPECT_EQ(first - results.begin(), 1);
    EXPECT_EQ(first->get(), 42);
    EXPECT_FALSE(results[0].ready());
    open();
}

TEST_F(WaitTests, test_first_completed_some_already_completed) {
    Results results = list(when_it_may(), cancelled(), ready(product(2, 3)));
    EXPECT_EQ(mp::wait_any(results) - results.begin(), 1) << "what was cancelled is there too";
    EXPECT_EQ(ready_ones(results), (std::vector<bool>{false, true, true}));
    open();
}

/// There a value of wait()'s return_when; here a loop. The index of the first that has none.
std::size_t first_exception(Results& results) {
    for (auto& result : mp::as_completed(results)) {
        if (!result.successful()) {
            return static_cast<std::size_t>(&result - results.data());
        }
    }
    return results.size();
}

TEST_F(WaitTests, test_first_exception) {
    Results results = list(when_it_may(), product(2, 21), error());
    EXPECT_EQ(first_exception(results), 2U);
    EXPECT_FALSE(results[0].ready());
    open();
}

TEST_F(WaitTests, test_first_exception_some_already_complete) {
    Results results = list(ready(product(2, 3)), when_it_may(), error());
    EXPECT_EQ(first_exception(results), 2U);
    EXPECT_FALSE(results[1].ready());
    open();
}

TEST_F(WaitTests, test_first_exception_one_already_failed) {
    Results results = list(when_it_may(), ready(error()));
    EXPECT_EQ(first_exception(results), 1U);
    EXPECT_FALSE(results[0].ready());
    open();
}

TEST_F(WaitTests, test_all_completed) {
    Results results = list(ready(product(2, 3)), cancelled(), ready(error()), error(),
                           product(2, 21), when_it_may());
    EXPECT_FALSE(mp::wait_all(results, 0ns));
    open();
    mp::wait_all(results);
    EXPECT_EQ(ready_ones(results), std::vector<bool>(6, true));
}

TEST_F(WaitTests, test_timeout) {
    Results results =
        list(cancelled(), ready(error()), ready(product(2, 3)), product(6, 7), when_it_may());
    results[3].wait();
    const auto start = support::Clock::now();
    EXPECT_FALSE(mp::wait_all(results, 50ms));
    EXPECT_GE(support::Clock::now() - start, 50ms);
    EXPECT_EQ(ready_ones(results), (std::vector<bool>{true, true, true, true, false}));
    open();
}

TEST_F(AsCompletedTests, test_no_timeout) {
    Results results =
        list(cancelled(), ready(error()), ready(product(2, 3)), product(2, 21), product(7, 7));
    std::multiset<std::string> kinds;
    for (auto& result : mp::as_completed(results)) {
        EXPECT_TRUE(result.ready());
        kinds.insert(kind_of(result));
    }
    EXPECT_EQ(kinds, (std::multiset<std::string>{"cancelled", "error", "6", "42", "49"}));
}

TEST_F(AsCompletedTests, test_zero_timeout) {
    // as_completed has no timeout: whoever has no time looks, with one of 0, for what is there.
    Results results = list(when_it_may(), cancelled(), ready(error()), ready(product(2, 3)));
    std::multiset<std::string> kinds;
    for (auto at = mp::wait_any(results, 0ns); at != results.end();
         at = mp::wait_any(results, 0ns)) {
        kinds.insert(kind_of(*at));
        results.erase(at);
    }
    EXPECT_EQ(kinds, (std::multiset<std::string>{"cancelled", "error", "6"}));
    EXPECT_EQ(results.size(), 1U);
    open();
}

TEST_F(AsCompletedTests, test_duplicate_futures) {
    Results results = list(when_it_may(7));
    auto both = twice(results);
    int times = 0;
    open();
    for (auto& result : mp::as_completed(both)) {
        EXPECT_TRUE(result.ready());
        ++times;
    }
    EXPECT_EQ(times, 2) << "the elements of the range, each";
}

/// Instances in this process.
std::atomic<int> alive{0};
struct Counted {
    Counted() { ++alive; }
    Counted(Counted&& /*other*/) noexcept { ++alive; }
    Counted& operator=(Counted&&) = delete;
    ~Counted() { --alive; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
    }
    int number = 0;
};

TEST_F(AsCompletedTests, test_free_reference_yielded_future) {
    std::vector<mp::AsyncResult<std::unique_ptr<Counted>>> results;
    for (int i = 0; i < 3; ++i) {
        results.push_back(pool.submit([] { return std::make_unique<Counted>(); }));
    }
    for (auto& result : mp::as_completed(results)) {
        EXPECT_NE(result.get(), nullptr);
    }
    EXPECT_EQ(alive, 0) << "of what was taken nothing is left, though the results are still here";
}

TEST_F(AsCompletedTests, test_correct_timeout_exception_msg) {
    // There "2 (of 4) futures unfinished". Here waits for several do not throw, they tell.
    Results results = list(ready(product(2, 3)), when_it_may(), when_it_may(), ready(error()));
    EXPECT_FALSE(mp::wait_all(results, 0ns));
    EXPECT_EQ(std::ranges::count(ready_ones(results), false), 2);
    open();
}

}  // namespace
