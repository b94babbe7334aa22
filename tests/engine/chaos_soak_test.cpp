// 10,000 workers killed at random moments, 1,000 at every step of docs/protocol.md, and every idle
// worker of pools of 1, 2, 4 and 8 a hundred times.

#include <cstdlib>

#include <gtest/gtest.h>

TEST(Chaos, NothingIsLostOrDoneTwice) {
    EXPECT_EQ(std::system(PROCPOOL_PROGRAMS
                          "/engine/chaos_step --kills 10000 --per-step 1000 --idle-rounds 100"),
              0);
}
