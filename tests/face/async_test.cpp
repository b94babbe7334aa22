// Results that come later: one at a time, or the first, all or each of several pools'.

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::numbers;
using support::squares;

namespace {

static_assert(std::ranges::input_range<
              decltype(mp::as_completed(std::declval<std::vector<mp::AsyncResult<int>>&>()))>);

int square(int x) { return x * x; }
int odd_throws(int x) { return x % 2 != 0 ? throw std::out_of_range("odd") : x; }

class Async : public testing::Test {
protected:
    // Before the pools, so that their workers have it.
    support::Shared<std::atomic<int>> turn;
    mp::Pool pool{2};
    mp::Pool other{1};

    /// Its value, when that number's turn has come.
    auto in_turn(mp::Pool& in, int number) {
        return in.submit(
            [t = turn.get()](int mine) {
                support::await([&] { return t->load() >= mine; }, "its turn");
                return mine;
            },
            number);
    }
};

TEST_F(Async, TryApplyGivesAnOutcome) {
    EXPECT_EQ(pool.try_apply(square, 3).value(), 9);
    EXPECT_THROW(pool.try_apply(odd_throws, 1).rethrow(), std::out_of_range);
    EXPECT_TRUE(pool.try_apply([] {}).has_value());
    const auto died = pool.try_apply(mp::TaskOptions{.retries = 1}, [] { std::raise(SIGKILL); });
    EXPECT_THROW(died.rethrow(), mp::WorkerDied);
}

TEST_F(Async, TryMapAsyncGivesOutcomes) {
    auto later = pool.try_map_async(odd_throws, numbers(4));
    const std::vector<mp::Outcome<int>> all = later.get();
    EXPECT_EQ(all[2].value(), 2);
    EXPECT_EQ(all[3].error().index(), 3U);
    EXPECT_EQ(all.size(), 4U);
}

TEST_F(Async, OutcomeThrowsForNoTask) {
    EXPECT_EQ(pool.submit(square, 3).outcome().value(), 9);
    EXPECT_TRUE(pool.submit([] {}).outcome().has_value());
    auto failed = pool.submit(odd_throws, 3);
    const mp::Outcome<int> outcome = failed.outcome();
    EXPECT_THROW(outcome.rethrow(), std::out_of_range);
    EXPECT_THROW(failed.get(), std::logic_error) << "it is taken";
    const auto map = pool.map_async(odd_throws, numbers(4)).outcome();
    EXPECT_EQ(map.error().index(), 1U);
    EXPECT_EQ(pool.map_async(square, numbers(4)).outcome().value(), squares(4));
    EXPECT_EQ(pool.try_map_async(odd_throws, numbers(4)).outcome().value().size(), 4U);
    EXPECT_EQ(pool.try_map_async(odd_throws, {0, 2}).outcome().value().size(), 2U);
}

TEST_F(Async, OutcomeOfAPoolThatIsTerminatedSaysSo) {
    auto never = in_turn(pool, 1);
    pool.terminate();
    EXPECT_THROW(never.outcome().rethrow(), mp::PoolTerminated);
}

TEST_F(Async, ResultsCanBeDroppedAndTheTasksRun) {
    pool.submit([t = turn.get()] { ++*t; });
    pool.map_async([t = turn.get()](int) { ++*t; }, numbers(9));
    pool.apply_async(square, 1);
    EXPECT_TRUE(support::eventually([&] { return *turn == 10; }));
}

TEST_F(Async, WaitAnyFindsTheOneThatIsThere) {
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(in_turn(pool, 3));
    results.push_back(in_turn(other, 2));
    results.push_back(in_turn(pool, 1));
    *turn = 1;
    EXPECT_EQ(mp::wait_any(results) - results.begin(), 2);
    EXPECT_EQ(results.back().get(), 1);
    results.pop_back();
    *turn = 2;
    EXPECT_EQ(mp::wait_any(results) - results.begin(), 1);
    *turn = 3;
    EXPECT_EQ(results.front().get(), 3);
}

TEST_F(Async, WaitAnyEndsWithItsTime) {
    std::vector<mp::AsyncResult<int>> results;
    EXPECT_EQ(mp::wait_any(results), results.end()) << "there is nothing to wait for";
    results.push_back(in_turn(pool, 1));
    results.push_back(in_turn(other, 1));
    EXPECT_EQ(mp::wait_any(results, 0ns), results.end());
    EXPECT_EQ(mp::wait_any(results, 20ms), results.end());
    EXPECT_FALSE(mp::wait_all(results, 1ms));
    *turn = 1;
    EXPECT_NE(mp::wait_any(results, 30s), results.end());
    EXPECT_TRUE(mp::wait_all(results, 30s));
    mp::wait_all(results);
}

TEST_F(Async, WaitsTakeErrorsForResults) {
    std::list<mp::AsyncResult<int>> results;
    results.push_back(in_turn(pool, 1));
    results.push_back(other.submit([] { return std::raise(SIGKILL); }));
    auto died = mp::wait_any(results);
    EXPECT_EQ(std::distance(results.begin(), died), 1);
    EXPECT_THROW(died->get(), mp::WorkerDied);
    results.pop_back();
    pool.terminate();
    EXPECT_EQ(mp::wait_any(results), results.begin());
    EXPECT_THROW(results.front().get(), mp::PoolTerminated);
}

TEST_F(Async, WaitAnyNoticesAForkServerThatDies) {
    std::array results{in_turn(pool, 1), in_turn(other, 1)};
    for (const pid_t server : support::own_children()) {
        support::kill_child(server, ::getpid());
    }
    EXPECT_NE(mp::wait_any(results), results.end());
    EXPECT_TRUE(mp::wait_all(results, 30s));
    EXPECT_THROW(results[0].get(), mp::PoolBroken);
}

TEST_F(Async, AsCompletedGoesInTheOrderOfTheirEnds) {
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(in_turn(pool, 2));
    results.push_back(in_turn(pool, 3));
    results.push_back(in_turn(other, 1));
    std::vector<int> order;
    *turn = 1;
    for (auto completed = mp::as_completed(results); auto& result : completed) {
        order.push_back(result.get());
        *turn = static_cast<int>(order.size()) + 1;
    }
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST_F(Async, AsCompletedDoesNotWaitForTheEnd) {
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(in_turn(pool, 1));
    results.push_back(in_turn(other, 0));
    auto completed = mp::as_completed(results);
    auto at = completed.begin();
    EXPECT_EQ(&*at, &results[1]);
    EXPECT_EQ(&*at, &results[1]) << "the same until it goes on";
    ++at;
    EXPECT_NE(at, completed.end());
    ++at;
    EXPECT_EQ(at, completed.end());
    EXPECT_THROW(static_cast<void>(*at), std::logic_error);
    *turn = 1;
}

TEST_F(Async, AsCompletedOfManyGivesEachOnce) {
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 1000; ++i) {
        results.push_back((i % 2 == 0 ? pool : other).submit(square, i));
    }
    std::vector<int> all;
    for (auto& result : mp::as_completed(results)) {
        all.push_back(result.get());
    }
    std::ranges::sort(all);
    EXPECT_EQ(all, squares(1000));
    std::vector<mp::AsyncResult<int>> none;
    EXPECT_TRUE(mp::as_completed(none).begin() == std::default_sentinel);
}

TEST_F(Async, AsCompletedComposesWithViews) {
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 5; ++i) {
        results.push_back(pool.submit(square, i));
    }
    int sum = 0;
    for (const int x :
         mp::as_completed(results) | std::views::transform([](auto& r) { return r.get(); })) {
        sum += x;
    }
    EXPECT_EQ(sum, 30);
}

TEST_F(Async, WaitsRefuseResultsThatWereMovedFrom) {
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(pool.submit(square, 1));
    const auto moved = std::move(results.front());
    EXPECT_THROW(mp::wait_any(results), std::logic_error);
    EXPECT_THROW(static_cast<void>(mp::as_completed(results)), std::logic_error);
}

TEST(AsyncInTheCaller, IsThereAtOnce) {
    mp::Pool pool({.start = mp::Start::in_caller});
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(pool.submit(square, 2));
    EXPECT_EQ(mp::wait_any(results, 0ns), results.begin());
    for (auto& result : mp::as_completed(results)) {
        EXPECT_EQ(result.outcome().value(), 4);
    }
}

}  // namespace
