#include <list>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "support/lists.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::all_are;
using support::copy_of;
using support::listed;

namespace {

TEST(SharedVector, StartsEmpty) {
    const mp::shared_vector<int> v;
    EXPECT_TRUE(v.empty());
    EXPECT_EQ(v.capacity(), 0u);
    EXPECT_EQ(v.begin(), v.end());
}

TEST(SharedVector, IsMadeAsAVectorIs) {
    EXPECT_EQ(copy_of(mp::shared_vector<int>(2)), listed(0, 0));
    EXPECT_EQ(copy_of(mp::shared_vector<int>(2, 7)), listed(7, 7));
    EXPECT_EQ(copy_of(mp::shared_vector<int>{1, 2, 3}), listed(1, 2, 3));
    const std::list<int> list{4, 5};
    EXPECT_EQ(copy_of(mp::shared_vector<int>(list.begin(), list.end())), listed(4, 5));
}

TEST(SharedVector, ZeroesNewElementsInReusedMemory) {
    {
        mp::shared_vector<int> dirty(1000, -1);
    }
    EXPECT_TRUE(all_are(0, mp::shared_vector<int>(1000)));
}

TEST(SharedVector, GrowsAndKeepsItsElements) {
    mp::shared_vector<int> v;
    for (int i = 0; i < 100'000; ++i) {
        v.push_back(i);
    }
    ASSERT_EQ(v.size(), 100'000u);
    for (std::size_t i = 0; i < v.size(); ++i) {
        ASSERT_EQ(v[i], static_cast<int>(i));
    }
    v.pop_back();
    EXPECT_EQ(v.back(), 99'998);
    EXPECT_EQ(v.emplace_back(3), 3);
}

TEST(SharedVector, KeepsFromMovingWithinItsCapacity) {
    mp::shared_vector<double> v;
    v.reserve(1000);
    EXPECT_GE(v.capacity(), 1000u);
    const double* const before = v.data();
    v.resize(1000);
    v.clear();
    v.push_back(1);
    EXPECT_EQ(v.data(), before);
}

TEST(SharedVector, TakesItsOwnElementsAsValues) {
    mp::shared_vector<int> v{1};
    while (v.size() < v.capacity()) {
        v.push_back(v[0]);
    }
    v.push_back(v[0]);
    v.resize(5000, v[0]);
    EXPECT_TRUE(all_are(1, v));
}

TEST(SharedVector, CopiesAndMoves) {
    mp::shared_vector<int> a{1, 2, 3};
    mp::shared_vector<int> b = a;
    EXPECT_EQ(a, b);
    EXPECT_NE(a.data(), b.data());
    const int* const data = a.data();
    mp::shared_vector<int> c = std::move(a);
    EXPECT_EQ(c.data(), data);
    b = mp::shared_vector<int>{9};
    EXPECT_EQ(copy_of(b), listed(9));
    b = c;
    EXPECT_EQ(b, c);
    swap(b, c);
    EXPECT_EQ(b.data(), data);
}

TEST(SharedVector, ChecksAt) {
    mp::shared_vector<int> v{1};
    EXPECT_EQ(v.at(0), 1);
    EXPECT_THROW(static_cast<void>(v.at(1)), std::out_of_range);
}

TEST(SharedVector, IsAContiguousRange) {
    mp::shared_vector<int> v{1, 2};
    const std::span<int> view(v);
    EXPECT_EQ(view.data(), v.data());
}

TEST(SharedVector, ThrowsWhenThereIsNoRoom) {
    mp::shared_vector<int> v{1};
    EXPECT_THROW(v.reserve(static_cast<std::size_t>(-1)), std::bad_alloc);
    EXPECT_THROW(v.reserve(std::size_t{1} << 60), std::bad_alloc);
    EXPECT_EQ(copy_of(v), listed(1));
}

TEST(SharedVector, MadeAfterAPoolIsSeenByItsWorkers) {
    mp::Pool pool{2};
    mp::shared_vector<int> table(1000);
    std::iota(table.begin(), table.end(), 0);
    const auto lookup = [at = table.data()](int i) { return at[i]; };
    EXPECT_EQ(pool.map(lookup, std::vector<int>{0, 999}), listed(0, 999));
}

TEST(SharedVector, MayBeDestroyedWhileAJobReadsIt) {
    mp::Pool pool{1};
    auto input = std::make_unique<mp::shared_vector<int>>(100'000, 3);
    auto result = pool.map_async([](int x) { return x; }, *input);
    input.reset();
    mp::shared_vector<int> other(100'000, 4);
    EXPECT_TRUE(all_are(3, result.get()));
}

TEST(SharedVector, CannotBeHarmedByAWorker) {
    mp::Pool pool{1};
    mp::shared_vector<int> v{1, 2, 3};
    const auto scribble = [at = v.data()](int) { at[0] = 99; };
    EXPECT_THROW(pool.map(scribble, std::vector<int>{0}), mp::WorkerDied);
    EXPECT_EQ(v[0], 1);
}

TEST(SharedVector, IsNamedWhereATaskWritesToIt) {
    mp::Pool pool{1};
    mp::shared_vector<int> v{1, 2, 3};
    const auto scribble = [at = v.data()](int) { at[0] = 99; };
    const auto outcomes = pool.try_map(scribble, std::vector<int>{0});
    EXPECT_TRUE(support::contains(outcomes.at(0).error().message(),
                                  {"data() of a shared_vector", "map_into"}));
}

}  // namespace
