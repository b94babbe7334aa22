// A spin token is worth a microsecond and more to every pool of the process: nobody takes one to
// the grave.

#include <atomic>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "engine/shared/layout.hpp"
#include "engine/shared/steps.hpp"
#include "memory/region.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

using procpool::engine::Step;

support::Shared<std::atomic<int>> holding;

void hold_the_token(Step step, int /*worker*/) {
    if (step != Step::token_taken) {
        return;
    }
    ++*holding;
    for (;;) {
        ::pause();
    }
}

std::size_t tokens_held() {
    return procpool::wait::SpinTokens::at(procpool::memory::Region::current().base()).held();
}

TEST(Token, IsFreeAgainWhenItsPoolIsGone) {
    procpool::engine::step_hook = &hold_the_token;
    {
        procpool::Pool pool{1};
        while (*holding == 0) {
            ::usleep(100);
        }
        EXPECT_EQ(tokens_held(), 1U);
    }
    EXPECT_EQ(tokens_held(), 0U);
    procpool::engine::step_hook = nullptr;
}

}  // namespace
}  // namespace engine_test
