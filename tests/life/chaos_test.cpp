// The chaos of chaos_soak_test.cpp in small.

#include <cstdlib>

#include <gtest/gtest.h>

TEST(Chaos, EveryItemHasOneOutcomeThatMayBe) {
    EXPECT_EQ(std::system(PROCPOOL_PROGRAMS "/life/chaos --kills 200 --turns 30"), 0);
}
