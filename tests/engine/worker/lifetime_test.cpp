#include "engine/worker/lifetime.hpp"

#include <gtest/gtest.h>

namespace procpool::engine {
namespace {

TEST(Lifetime, WithoutALimitNeverEnds) {
    Lifetime lifetime(0);
    EXPECT_EQ(lifetime.cut(1'000), 1'000U);
    EXPECT_FALSE(lifetime.spend(1'000));
    EXPECT_EQ(lifetime.cut(1'000), 1'000U);
}

TEST(Lifetime, EndsWithItsLastItem) {
    Lifetime lifetime(5);
    EXPECT_EQ(lifetime.cut(3), 3U);
    EXPECT_FALSE(lifetime.spend(3));
    EXPECT_EQ(lifetime.cut(3), 2U);
    EXPECT_TRUE(lifetime.spend(2));
}

TEST(Lifetime, CountsThePartsOfItemsAndFinishesTheItem) {
    Lifetime lifetime(5);
    EXPECT_EQ(lifetime.cut(9, 2), 3U);
    EXPECT_FALSE(lifetime.spend(2, 2));
    EXPECT_EQ(lifetime.cut(9, 2), 1U);
    EXPECT_TRUE(lifetime.spend(1, 2));
}

}  // namespace
}  // namespace procpool::engine
