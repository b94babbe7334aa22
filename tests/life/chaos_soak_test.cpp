// procpool_test: TIMEOUT 2400
// 100,000 workers killed at random moments, in pools, calls and items drawn at random.

#include <cstdlib>

#include <gtest/gtest.h>

TEST(Chaos, EveryItemHasOneOutcomeThatMayBe) {
    EXPECT_EQ(std::system(PROCPOOL_PROGRAMS "/life/chaos --kills 100000 --turns 3000"), 0);
}
