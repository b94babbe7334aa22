#include <algorithm>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::all_are;
using support::copy_of;
using support::listed;

namespace {

TEST(MapInto, WritesResultsInPlace) {
    mp::Pool pool{2};
    const std::vector<int> items{1, 2, 3};
    mp::shared_vector<double> out;
    pool.map_into([](int x) { return x / 2.0; }, items, out);
    EXPECT_EQ(copy_of(out), listed(0.5, 1.0, 1.5));
}

TEST(MapInto, TakesItsInputWithoutACopy) {
    mp::Pool pool{2};
    mp::shared_vector<int> items(3, 5);
    const auto results = pool.map([](int x) { return x + 1; }, items);
    EXPECT_EQ(results, listed(6, 6, 6));
    mp::shared_vector<int> out(3);
    pool.map_into([](int x) { return x * x; }, items, out);
    EXPECT_EQ(copy_of(out), listed(25, 25, 25));
}

TEST(MapInto, FillsManyPages) {
    mp::Pool pool{2};
    mp::shared_vector<std::uint64_t> items(300'000), out;
    std::iota(items.begin(), items.end(), std::uint64_t{0});
    pool.map_into([](std::uint64_t x) { return 3 * x; }, items, out);
    ASSERT_EQ(out.size(), items.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], 3 * i);
    }
}

TEST(MapInto, ResizesTheOutputToTheNumberOfItems) {
    mp::Pool pool{1};
    mp::shared_vector<int> out(100, 7);
    const int* const before = out.data();
    pool.map_into([](int x) { return x; }, std::vector<int>{1, 2}, out);
    EXPECT_EQ(copy_of(out), listed(1, 2));
    EXPECT_EQ(out.data(), before);
    pool.map_into([](int x) { return x; }, std::vector<int>{}, out);
    EXPECT_TRUE(out.empty());
}

TEST(MapInto, ConvertsToTheElementsOfTheOutput) {
    mp::Pool pool{1};
    mp::shared_vector<float> out;
    pool.map_into([](int x) { return x; }, std::vector<int>{1, 2}, out);
    EXPECT_EQ(copy_of(out), listed(1.0f, 2.0f));
}

TEST(MapInto, ThrowsTheErrorOfTheLowestIndexAndKeepsTheOtherResults) {
    mp::Pool pool{2};
    mp::shared_vector<int> out;
    const auto fail = [](int x) { return x == 2 ? throw std::out_of_range("two") : 10 * x; };
    EXPECT_THROW(pool.map_into(fail, std::vector<int>{1, 2, 3}, out), std::out_of_range);
    ASSERT_EQ(out.size(), 3u);
    EXPECT_EQ(out[0], 10);
    EXPECT_EQ(out[2], 30);
}

TEST(MapInto, RefusesToWriteOverItsInput) {
    mp::Pool pool{1};
    mp::shared_vector<int> items(3, 5);
    EXPECT_THROW(pool.map_into([](int x) { return x; }, items, items), std::invalid_argument);
}

TEST(MapInto, MayBeRepeatedWithOutputAsInput) {
    mp::Pool pool{2};
    mp::shared_vector<int> a(1000, 1), b;
    for (int i = 0; i < 5; ++i) {
        pool.map_into([](int x) { return 2 * x; }, a, b);
        swap(a, b);
    }
    EXPECT_TRUE(all_are(32, a));
}

TEST(MapInto, GivesEachItemItsSliceOfTheOutput) {
    mp::Pool pool{2};
    mp::shared_vector<int> out(6, -1);
    const auto fill = [](int x, std::span<int> slice) {
        for (int& element : slice) {
            element = x++;
        }
    };
    pool.map_into(fill, {10, 20, 30}, out);
    EXPECT_EQ(copy_of(out), listed(10, 11, 20, 21, 30, 31));
}

TEST(MapInto, GivesSlicesOfManyPages) {
    mp::Pool pool{2};
    constexpr std::size_t width = 50'000;
    mp::shared_vector<double> out(8 * width);
    const auto fill = [](double x, std::span<double> row) { std::fill(row.begin(), row.end(), x); };
    pool.map_into(fill, std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], static_cast<double>(i / width));
    }
}

TEST(MapInto, LeavesWhatASliceIsNotWrittenTo) {
    mp::Pool pool{2};
    mp::shared_vector<int> out(4, 7);
    pool.map_into([](int x, std::span<int> slice) { slice[0] = x; }, {1, 2}, out);
    EXPECT_EQ(copy_of(out), listed(1, 7, 2, 7));
}

TEST(MapInto, RefusesAnOutputThatDoesNotDivideIntoSlices) {
    mp::Pool pool{2};
    mp::shared_vector<int> out(7, 7);
    const auto fill = [](int, std::span<int>) {};
    EXPECT_THROW(pool.map_into(fill, {1, 2}, out), std::invalid_argument);
    EXPECT_TRUE(all_are(7, out));
}

TEST(MapInto, GivesEmptySlicesOfAnEmptyOutput) {
    mp::Pool pool{2};
    mp::shared_vector<int> out;
    const auto count = [](int, std::span<int> slice) {
        if (!slice.empty()) {
            throw std::logic_error("a slice of nothing");
        }
    };
    pool.map_into(count, {1, 2}, out);
    pool.map_into(count, std::vector<int>{}, out);
    EXPECT_TRUE(out.empty());
}

TEST(MapInto, ThrowsTheErrorOfAnItemThatWritesASlice) {
    mp::Pool pool{2};
    mp::shared_vector<int> out(6);
    const auto picky = [](int x, std::span<int> slice) {
        slice[1] = x == 2 ? throw std::out_of_range("no") : x;
    };
    EXPECT_THROW(pool.map_into(picky, {1, 2, 3}, out), std::out_of_range);
    EXPECT_EQ(out[5], 3);
}

TEST(MapInto, GivesSlicesInTheCaller) {
    mp::Pool here{{.start = mp::Start::in_caller}};
    mp::shared_vector<int> out(4);
    here.map_into([](int x, std::span<int> slice) { slice[1] = x; }, {1, 2}, out);
    EXPECT_EQ(copy_of(out), listed(0, 1, 0, 2));
}

}  // namespace
