#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/numbers.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using support::numbers;
using namespace std::chrono_literals;

namespace {

TEST(TryMap, GivesAnOutcomeForEveryItem) {
    mp::Pool pool{2};
    const auto outcomes = pool.try_map(
        [](int x) {
            if (x == 1) {
                throw std::out_of_range("one");
            }
            if (x == 2) {
                raise(SIGKILL);
            }
            return x * 10;
        },
        numbers(4));
    ASSERT_EQ(outcomes.size(), 4u);
    EXPECT_TRUE(outcomes[0].has_value());
    EXPECT_EQ(*outcomes[0], 0);
    EXPECT_EQ(outcomes[3].value(), 30);

    EXPECT_FALSE(outcomes[1]);
    EXPECT_EQ(outcomes[1].error().index(), 1u);
    EXPECT_TRUE(contains(outcomes[1].error().message(), "one"));
    EXPECT_THROW(outcomes[1].rethrow(), std::out_of_range);

    EXPECT_EQ(outcomes[2].error().index(), 2u);
    EXPECT_THROW(outcomes[2].rethrow(), mp::WorkerDied);
}

TEST(TryMap, OfAnEmptyRangeIsEmpty) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.try_map([](int x) { return x; }, std::vector<int>{}).empty());
}

TEST(TryMap, CarriesStrings) {
    mp::Pool pool{2};
    auto outcomes = pool.try_map(
        [](const std::string& s) { return s.empty() ? throw std::domain_error("empty") : s + s; },
        std::vector<std::string>{"a", "", "bc"});
    EXPECT_EQ(*outcomes[0], "aa");
    EXPECT_THROW(static_cast<void>(outcomes[1].value()), std::domain_error);
    EXPECT_EQ(outcomes[2]->size(), 4u);
    const std::string taken = *std::move(outcomes[2]);
    EXPECT_EQ(taken, "bcbc");
}

TEST(TryMap, OfAFunctionWithoutResultSaysWhetherItEnded) {
    mp::Pool pool{2};
    const auto outcomes = pool.try_map(
        [](int x) {
            if (x == 1) {
                throw 1.5;
            }
        },
        numbers(3));
    static_assert(std::is_same_v<decltype(outcomes), const std::vector<mp::Outcome<void>>>);
    EXPECT_TRUE(outcomes[0]);
    EXPECT_NO_THROW(outcomes[0].value());
    EXPECT_FALSE(outcomes[1]);
    EXPECT_EQ(outcomes[1].error().type_name(), "double");
    EXPECT_THROW(outcomes[1].value(), mp::RemoteError);
    EXPECT_TRUE(outcomes[2]);
}

TEST(TryMap, CarriesBools) {
    mp::Pool pool{1};
    const auto outcomes = pool.try_map([](int x) { return x > 0; }, numbers(2));
    EXPECT_FALSE(*outcomes[0]);
    EXPECT_TRUE(*outcomes[1]);
}

TEST(TryMap, NamesTheItemThatTimedOut) {
    mp::Pool pool{2};
    const auto outcomes = pool.try_map(
        [](int x) {
            for (volatile bool forever = x == 1; forever;) {
            }
            return x;
        },
        numbers(3), {.timeout = 500ms});
    EXPECT_EQ(*outcomes[0], 0);
    EXPECT_THROW(outcomes[1].rethrow(), mp::TaskTimeout);
    EXPECT_EQ(*outcomes[2], 2);
}

TEST(TryMap, FailFastCancelsTheRestOfTheChunkToo) {
    procpool::Pool pool{1};
    static int ran = 0;
    const auto outcomes = pool.try_map(
        [](int i) {
            ++ran;
            if (i == 3) {
                throw std::runtime_error("three");
            }
            return i;
        },
        numbers(10), {.chunksize = 10, .fail_fast = true});
    EXPECT_EQ(*outcomes[2], 2);
    EXPECT_THROW(outcomes[3].rethrow(), std::runtime_error);
    for (std::size_t i = 4; i < 10; ++i) {
        EXPECT_THROW(outcomes[i].rethrow(), procpool::TaskCancelled) << i;
    }
    EXPECT_EQ(pool.apply([] { return ran; }), 4);
}

TEST(TryMap, SaysOfACancelledItemThatItWasCancelled) {
    mp::Pool pool{1};
    // What starts before the cancelling arrives ends by its timeout: not all items can be run.
    const auto outcomes = pool.try_map(
        [](int x) {
            if (x == 0) {
                throw std::runtime_error("first");
            }
            for (volatile bool forever = true; forever;) {
            }
        },
        numbers(10'000), {.chunksize = 1, .timeout = 500ms, .fail_fast = true});
    EXPECT_THROW(outcomes.front().rethrow(), std::runtime_error);
    EXPECT_THROW(outcomes.back().rethrow(), mp::TaskCancelled);
    EXPECT_EQ(outcomes.back().error().index(), 9999u);
}

TEST(Outcome, HasNoErrorWhenItHasAValue) {
    mp::Pool pool{1};
    const auto outcomes = pool.try_map([](int x) { return x; }, numbers(1));
    EXPECT_NO_THROW(outcomes[0].rethrow());
    EXPECT_THROW(static_cast<void>(outcomes[0].error()), std::logic_error);
    EXPECT_EQ(outcomes[0].value_or(7), 0);
}

TEST(Outcome, GivesAnotherValueInPlaceOfAnError) {
    mp::Pool pool{1};
    const auto outcomes =
        pool.try_map([](int) -> int { throw std::runtime_error("x"); }, numbers(1));
    EXPECT_EQ(outcomes[0].value_or(7), 7);
}

TEST(Outcome, MayBeCopied) {
    mp::Pool pool{1};
    const auto outcomes =
        pool.try_map([](int) -> std::string { throw std::runtime_error("x"); }, numbers(1));
    const auto copy = outcomes;
    EXPECT_EQ(copy[0].error().message(), outcomes[0].error().message());
}

}  // namespace
