#include <numeric>
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

}  // namespace
