#include "wait/beat.hpp"

#include <initializer_list>

#include <gtest/gtest.h>

namespace procpool::wait {
namespace {

using os::ms;
using os::us;

Beat after(std::initializer_list<std::uint64_t> rests) {
    Beat beat;
    for (const std::uint64_t rest : rests) {
        beat.note(rest);
    }
    return beat;
}

/// True if the beat expects a rest of that length next.
bool expects(const Beat& beat, std::uint64_t rest) {
    const auto watch = beat.next();
    return watch && watch->begin < rest && rest < watch->end;
}

TEST(Beat, NeedsThreeRestsAlike) {
    EXPECT_FALSE(Beat{}.next());
    EXPECT_FALSE(after({10 * ms, 10 * ms}).next());
    EXPECT_TRUE(expects(after({10 * ms, 10 * ms, 10 * ms}), 10 * ms));
}

TEST(Beat, LooksForTheCallAroundTheMean) {
    const auto early = after({10 * ms, 10 * ms, 10 * ms}).next();
    const auto late = after({10 * ms, 10'020 * us, 10'040 * us}).next();
    ASSERT_TRUE(early && late);
    EXPECT_NEAR(static_cast<double>(late->end - early->end), 30 * us, 1 * us);
}

TEST(Beat, LooksForASmallShareOfTheRest) {
    for (const std::uint64_t rest : {2 * ms, 10 * ms, 1000 * ms}) {
        Beat beat = after({rest, rest, rest});
        for (int i = 0; i < 50; ++i) {
            beat.timer_was_late(0);
        }
        const auto watch = beat.next();
        ASSERT_TRUE(watch) << rest;
        EXPECT_LE(watch->end - watch->begin, rest / 50 + 10) << rest;
        EXPECT_LE(watch->end - watch->begin, 200 * us + 10) << rest;
    }
}

TEST(Beat, BelowAMillisecondIsNotWorthATimer) {
    EXPECT_FALSE(after({900 * us, 900 * us, 900 * us, 900 * us}).next());
}

TEST(Beat, SurvivesACallOutOfTime) {
    Beat beat = after({10 * ms, 10 * ms, 10 * ms, 10 * ms});
    beat.note(3 * ms);  // and the call after that comes when it would have come
    EXPECT_TRUE(expects(beat, 10 * ms));
    beat.note(7 * ms);
    EXPECT_TRUE(expects(beat, 10 * ms));
    beat.note(10 * ms);
    EXPECT_TRUE(expects(beat, 10 * ms));
}

TEST(Beat, FollowsCallsThatTurnFaster) {
    EXPECT_TRUE(
        expects(after({10 * ms, 10 * ms, 10 * ms, 10 * ms, 4 * ms, 4 * ms, 4 * ms}), 4 * ms));
}

TEST(Beat, OfTwoCallsAFrameKnowsWhichIsNext) {
    Beat beat = after({3 * ms, 7 * ms, 3 * ms, 7 * ms, 3 * ms, 7 * ms});
    EXPECT_TRUE(expects(beat, 3 * ms));
    beat.note(3 * ms);
    EXPECT_TRUE(expects(beat, 7 * ms));
}

TEST(Beat, DoesNotGuessWhatMayBeEither) {
    EXPECT_FALSE(after({2 * ms, 6 * ms, 2 * ms, 2 * ms, 6 * ms, 2 * ms, 2 * ms}).next());
}

TEST(Beat, IsNotHeardInIrregularRests) {
    EXPECT_FALSE(after({5 * ms, 6 * ms, 7 * ms, 8 * ms, 9 * ms}).next());
    EXPECT_FALSE(after({10'000 * us, 10'150 * us, 10'300 * us, 10'450 * us, 10'600 * us}).next());
}

TEST(Beat, SetsItsTimerEarlierTheLaterThatWas) {
    Beat beat = after({10 * ms, 10 * ms, 10 * ms});
    const std::uint64_t begin = beat.next()->begin;
    beat.timer_was_late(180 * us);
    EXPECT_LT(beat.next()->begin, begin);
    beat.timer_was_late(0);
    beat.timer_was_late(0);
    EXPECT_GT(beat.next()->begin, begin);
}

TEST(Beat, SetsItsTimerEarlierIfTheCallWasFirst) {
    Beat beat = after({10 * ms, 10 * ms, 10 * ms});
    const auto before = beat.next();
    beat.call_was_first(50 * us);
    EXPECT_LT(beat.next()->begin, before->begin);
    EXPECT_EQ(beat.next()->end, before->end);
}

TEST(Beat, NeverWakesLongBeforeTheCall) {
    Beat beat = after({10 * ms, 10 * ms, 10 * ms});
    for (int i = 0; i < 50; ++i) {
        beat.call_was_first(5 * ms);
    }
    for (int i = 0; i < 50; ++i) {
        beat.timer_was_late(5 * ms);
    }
    EXPECT_GE(beat.next()->begin, 10 * ms - 300 * us);
}

}  // namespace
}  // namespace procpool::wait
