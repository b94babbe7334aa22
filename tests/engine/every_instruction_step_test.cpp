// procpool_test: OPTIMISED TIMEOUT 120
// A worker is killed after single instructions of each path through docs/protocol.md: a sample of
// what every_instruction_soak_test.cpp does with all of them.

#include <cstring>

#include <gtest/gtest.h>

#include "every_instruction.hpp"
#include "support/sanitized.hpp"

namespace engine_test::stepping {
namespace {

class EveryInstruction : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryInstruction, CostsAtMostTheItemThatRan) {
    if (sanitized) {
        GTEST_SKIP() << "these are not the library's own instructions";
    }
    const Path& which = paths[GetParam()];
    // Where two workers play, one of them waits for some milliseconds before it steals.
    const std::size_t kills = which.processes > 1 ? 25 : 50;
    const Report report = Runs(which).run({.kills = kills, .longest = 8'000, .farthest = 50});
    if (report.no_permission != 0) {
        GTEST_SKIP() << "ptrace is not permitted: " << std::strerror(report.no_permission);
    }
    print(which, report);
    EXPECT_EQ(report.problem, "");
    EXPECT_GE(report.kills, 20U);
}

INSTANTIATE_TEST_SUITE_P(Engine, EveryInstruction, testing::Range<std::size_t>(0, paths.size()),
                         [](const auto& param) { return std::string(paths[param.param].name); });

}  // namespace
}  // namespace engine_test::stepping
