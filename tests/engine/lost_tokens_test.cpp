// A spin token may be what a task wrote there. A client that hears nothing for a while frees them
// all, or idle workers would never spin again (docs/protocol.md, part 6).

#include <chrono>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "memory/region.hpp"
#include "support/eventually.hpp"
#include "wait/spin_tokens.hpp"

namespace engine_test {
namespace {

using namespace std::chrono_literals;
using procpool::wait::SpinTokens;

SpinTokens& tokens() { return SpinTokens::at(procpool::memory::Region::current().base()); }

/// No worker spins or takes a token while it runs this.
int take_a_while(int x) {
    ::usleep(200'000);
    return x;
}

/// Of a pool that never was.
void lose_tokens() {
    for (int i = 0; i < 8; ++i) {
        static_cast<void>(tokens().take({9999, i}, SpinTokens::most));
    }
}

TEST(LostTokens, AreFreedByAClientThatWaits) {
    procpool::Pool pool{1};
    pool.apply([] {});
    lose_tokens();
    EXPECT_TRUE(tokens().has_one(9999, SpinTokens::most));
    pool.apply(&take_a_while, 1);
    EXPECT_FALSE(tokens().has_one(9999, SpinTokens::most));
}

TEST(LostTokens, AreFreedByAClientThatPolls) {
    procpool::Pool pool{1};
    pool.apply([] {});
    auto result = pool.submit(&take_a_while, 1);
    lose_tokens();
    EXPECT_TRUE(support::eventually([&] { return result.ready(); }));
    EXPECT_FALSE(tokens().has_one(9999, SpinTokens::most));
}

}  // namespace
}  // namespace engine_test
