#include "engine/client/interval_set.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace procpool::engine {

bool operator==(const IntervalSet::Interval& a, const IntervalSet::Interval& b) {
    return a.begin == b.begin && a.end == b.end;
}

namespace {

using Intervals = std::vector<IntervalSet::Interval>;

TEST(IntervalSet, IsEmptyAtFirst) {
    const IntervalSet set;
    EXPECT_EQ(set.total(), 0U);
    EXPECT_FALSE(set.contains(0));
    EXPECT_EQ(set.missing(3, 7), (Intervals{{3, 7}}));
    EXPECT_TRUE(set.missing(3, 3).empty());
}

TEST(IntervalSet, JoinsNeighbours) {
    IntervalSet set;
    EXPECT_TRUE(set.insert(10, 20));
    EXPECT_TRUE(set.insert(30, 40));
    EXPECT_EQ(set.missing(0, 50), (Intervals{{0, 10}, {20, 30}, {40, 50}}));
    EXPECT_TRUE(set.insert(20, 30));
    EXPECT_EQ(set.missing(0, 50), (Intervals{{0, 10}, {40, 50}}));
    EXPECT_EQ(set.missing(12, 38), Intervals{});
    EXPECT_EQ(set.total(), 30U);
}

TEST(IntervalSet, RefusesWhatIsThere) {
    IntervalSet set;
    ASSERT_TRUE(set.insert(10, 20));
    for (const auto& [begin, end] :
         Intervals{{10, 20}, {5, 11}, {19, 25}, {12, 13}, {0, 100}, {10, 11}, {19, 20}}) {
        EXPECT_FALSE(set.insert(begin, end)) << begin << " to " << end;
    }
    EXPECT_EQ(set.total(), 10U);
    EXPECT_EQ(set.missing(0, 30), (Intervals{{0, 10}, {20, 30}}));
}

TEST(IntervalSet, TakesNothingFromNothing) {
    IntervalSet set;
    EXPECT_TRUE(set.insert(5, 5));
    EXPECT_FALSE(set.insert(6, 5));
    EXPECT_EQ(set.total(), 0U);
    EXPECT_EQ(set.missing(0, 9), (Intervals{{0, 9}}));
}

TEST(IntervalSet, BehavesAsASetOfNumbers) {
    constexpr std::uint64_t size = 200;
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        IntervalSet set;
        std::vector<bool> model(size);
        for (int i = 0; i < 60; ++i) {
            const std::uint64_t begin = random() % size;
            const std::uint64_t end = std::min(size, begin + random() % 12);
            bool fresh = true;
            for (std::uint64_t n = begin; n < end; ++n) {
                fresh = fresh && !model[n];
            }
            EXPECT_EQ(set.insert(begin, end), fresh);
            for (std::uint64_t n = begin; fresh && n < end; ++n) {
                model[n] = true;
            }
        }
        std::uint64_t total = 0;
        for (std::uint64_t n = 0; n < size; ++n) {
            EXPECT_EQ(set.contains(n), model[n]);
            total += model[n];
        }
        EXPECT_EQ(set.total(), total);
        std::vector<bool> gaps(size);
        for (const auto& gap : set.missing(0, size)) {
            for (std::uint64_t n = gap.begin; n < gap.end; ++n) {
                gaps[n] = true;
            }
        }
        for (std::uint64_t n = 0; n < size; ++n) {
            EXPECT_NE(gaps[n], model[n]);
        }
    }
}

}  // namespace
}  // namespace procpool::engine
