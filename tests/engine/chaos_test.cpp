// The chaos of chaos_soak_test.cpp in small.

#include <cstdlib>

#include <gtest/gtest.h>

TEST(Chaos, NothingIsLostOrDoneTwice) {
    EXPECT_EQ(std::system(PROCPOOL_PROGRAMS
                          "/engine/chaos_step --kills 500 --per-step 25 --idle-rounds 5"),
              0);
}
