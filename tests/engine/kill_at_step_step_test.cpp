// procpool_test: OPTIMISED TIMEOUT 180
// A worker is killed at each step of docs/protocol.md, whatever it works on: every item is right,
// or is the one that the death cost, and none runs again after it finished.
// chaos_soak_test.cpp does this a thousand times at each step.

#include <vector>

#include <gtest/gtest.h>

#include "kill_at_step.hpp"
#include "support/sanitized.hpp"

namespace engine_test {
namespace {

class KillAtStep : public testing::TestWithParam<int> {
protected:
    [[nodiscard]] static Step step() { return static_cast<Step>(GetParam()); }

    static void expect_clean(const Trial& trial, Tally& total) {
        if (!reachable(trial)) {
            return;
        }
        const Tally tally = run_trial(trial);
        EXPECT_TRUE(tally.clean()) << describe(trial) << ": " << tally.first_problem;
        total.add(tally);
    }
};

TEST_P(KillAtStep, CostsAtMostTheItemThatRan) {
    Tally total;
    // A kill takes a sanitizer long and shows it nothing.
    for (const int processes : sanitized ? std::vector{2} : std::vector{1, 4}) {
        for (const Shape shape : shapes) {
            for (const int retries : {0, 1000}) {
                expect_clean({.step = step(),
                              .processes = processes,
                              .shape = shape,
                              .retries = retries,
                              .kills = 2,
                              .most_maps = 5},
                             total);
            }
        }
    }
    EXPECT_GE(total.kills, 4U);
    std::cout << "    " << total.kills << " kills, " << total.maps << " maps, " << total.items
              << " items\n";
}

TEST_P(KillAtStep, BesideASecondJob) {
    Tally total;
    for (const Shape shape : {Shape::fixed, Shape::text, Shape::thrower}) {
        for (const int retries : {0, 1000}) {
            expect_clean({.step = step(),
                          .processes = 3,
                          .shape = shape,
                          .retries = retries,
                          .threads = 2,
                          .kills = 2,
                          .most_maps = 5},
                         total);
        }
    }
    std::cout << "    " << total.kills << " kills, " << total.maps << " maps, " << total.items
              << " items\n";
}

INSTANTIATE_TEST_SUITE_P(Engine, KillAtStep, testing::ValuesIn(steps_of_maps()),
                         [](const auto& param) {
                             return std::string(step_names[static_cast<std::size_t>(param.param)]);
                         });

}  // namespace
}  // namespace engine_test
