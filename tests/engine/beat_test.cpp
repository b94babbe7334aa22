#include "engine/beat.hpp"

#include <initializer_list>

#include <gtest/gtest.h>

namespace procpool::engine {
namespace {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

Beat after(std::initializer_list<std::uint64_t> rests) {
    Beat beat;
    for (const std::uint64_t rest : rests) beat.note(rest);
    return beat;
}

TEST(Beat, NeedsThreeRestsAlike) {
    EXPECT_FALSE(Beat{}.next());
    EXPECT_FALSE(after({10 * ms, 10 * ms}).next());
    EXPECT_TRUE(after({10 * ms, 10 * ms, 10 * ms}).next());
}

TEST(Beat, LooksForTheCallAroundTheMiddleOne) {
    const auto watch = after({10'020 * us, 10'050 * us, 10'000 * us}).next();
    ASSERT_TRUE(watch);
    EXPECT_LT(watch->begin, 10'000 * us);
    EXPECT_GT(watch->end, 10'050 * us);
    EXPECT_EQ((watch->begin + watch->end) / 2, 10'020 * us);
}

TEST(Beat, LooksForASmallShareOfTheRest) {
    for (const std::uint64_t rest : {100 * us, 1 * ms, 10 * ms, 1000 * ms}) {
        const auto watch = after({rest, rest, rest}).next();
        ASSERT_TRUE(watch) << rest;
        EXPECT_LE(watch->end - watch->begin, rest / 50) << rest;
        EXPECT_LE(watch->end - watch->begin, 200 * us) << rest;
    }
}

TEST(Beat, SurvivesTwoCallsOutOfTime) {
    Beat beat = after({10 * ms, 10 * ms, 10 * ms});
    beat.note(3 * ms);
    EXPECT_TRUE(beat.next());
    beat.note(40 * ms);
    EXPECT_TRUE(beat.next());
    beat.note(7 * ms);
    EXPECT_FALSE(beat.next());
}

TEST(Beat, FollowsCallsThatTurnFaster) {
    const auto watch = after({10 * ms, 10 * ms, 10 * ms, 10 * ms, 4 * ms, 4 * ms, 4 * ms}).next();
    ASSERT_TRUE(watch);
    EXPECT_LT(watch->end, 5 * ms);
}

TEST(Beat, IsNotHeardInIrregularRests) {
    EXPECT_FALSE(after({5 * ms, 6 * ms, 7 * ms, 8 * ms, 9 * ms}).next());
    EXPECT_FALSE(after({10'000 * us, 10'150 * us, 10'300 * us, 10'450 * us, 10'600 * us}).next());
}

}  // namespace
}  // namespace procpool::engine
