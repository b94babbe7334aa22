// A worker is killed after every single instruction of each path through docs/protocol.md.

#include <cstdlib>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include "support/sanitized.hpp"

TEST(EveryInstruction, CostsAtMostTheItemThatRan) {
    if (sanitized) {
        GTEST_SKIP() << "these are not the library's own instructions";
    }
    const int status = std::system(PROCPOOL_PROGRAMS "/engine/every_instruction_step");
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        GTEST_SKIP() << "ptrace is not permitted";
    }
    EXPECT_EQ(WEXITSTATUS(status), 0);
}
