// The chaos of chaos_soak_test.cpp in small.

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "support/sanitized.hpp"

TEST(Chaos, NothingIsLostOrDoneTwice) {
    const char* const how = sanitized ? " --kills 100 --per-step 5 --idle-rounds 2"
                                      : " --kills 500 --per-step 25 --idle-rounds 5";
    EXPECT_EQ(std::system((PROCPOOL_PROGRAMS "/engine/chaos_step" + std::string(how)).c_str()), 0);
}
