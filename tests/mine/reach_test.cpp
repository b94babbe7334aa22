// procpool_test: LINK mine_app TIMEOUT 120
// What is said of a length before the work is what counting every suffix would say.

#include "mine/reach.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mine/search.hpp"

namespace {

using mine::Goal;
using mine::Hash;
using mine::Reach;

const std::string base = "I miss DSR already";
const std::string letters = "abcdefghijklmnopqrstuvwxyz";

double counted_share(const Goal& goal, const std::string& alphabet, std::uint32_t length) {
    const auto search = make_search(mine::Strategy::enumerate, goal, base, alphabet);
    const auto count = mine::count_suffixes(alphabet.size(), length);
    const auto report = work_off(search, {.first = 0, .count = count, .length = length}, count + 1);
    return static_cast<double>(report.second.size()) / static_cast<double>(count);
}

// The lecture's exercise.

TEST(MineReach, OfALeadingZeroInHexIsAsTheExerciseFoundOut) {
    const auto all = reach(mine::hex_goal(Hash::adler32, "0"), base, letters, 1, 25);
    ASSERT_EQ(all.size(), 25U);
    for (const Reach& at : all) {
        EXPECT_TRUE(at.exact);
        if (at.length == 19) {
            EXPECT_NEAR(at.share, 0.1254, 0.0001);  // sometimes
        } else if (at.length == 20) {
            EXPECT_NEAR(at.share, 0.9698, 0.0001);  // nearly always
        } else {
            EXPECT_EQ(at.share, 0) << at.length;
        }
    }
}

TEST(MineReach, OfALeadingOneInDecimalIsEverySuffixOfOneLetter) {
    const auto all = reach(mine::decimal_goal(Hash::adler32, "1"), base, letters, 1, 1);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].share, 1);
}

// Against counting; of these lengths there are too many suffixes for reach() to count them itself.

TEST(MineReach, OfTheUpperSumOfAdlerIsExact) {
    for (const char* prefix : {"5", "6", "62", "67", "7"}) {
        const Goal goal = mine::hex_goal(Hash::adler32, prefix);
        const auto all = reach(goal, base, letters, 5, 5);
        EXPECT_TRUE(all[0].exact);
        EXPECT_NEAR(all[0].share, counted_share(goal, letters, 5), 1e-9) << prefix;
    }
}

TEST(MineReach, OfBothSumsOfAdlerIsExact) {
    const auto middle =
        static_cast<std::uint32_t>(mine::leading_number(digest(Hash::adler32, base + "mmmmm")));
    const std::string number = mine::to_hex(digest(Hash::adler32, base + "mmmmm"));
    for (const Goal& goal :
         {mine::hex_goal(Hash::adler32, number), mine::hex_goal(Hash::adler32, number.substr(0, 6)),
          mine::decimal_goal(Hash::adler32, std::to_string(middle).substr(0, 7)),
          mine::hex_goal(Hash::adler32, number.substr(0, 4) + "0000")}) {
        const auto all = reach(goal, base, letters, 5, 5);
        EXPECT_TRUE(all[0].exact);
        EXPECT_NEAR(all[0].share, counted_share(goal, letters, 5), 1e-9) << goal.text;
    }
}

TEST(MineReach, OfAdlerHoldsForAnAlphabetWithGaps) {
    const std::string gaps = "!5aAz~";
    const Goal goal = mine::decimal_goal(Hash::adler32, "2");
    for (std::uint32_t length = 8; length <= 9; ++length) {
        const auto all = reach(goal, base, gaps, length, length);
        EXPECT_NEAR(all[0].share, counted_share(goal, gaps, length), 1e-9) << length;
    }
}

TEST(MineReach, OfCrcIsExact) {
    for (const char* prefix : {"0", "a5", "123", "0000"}) {
        const Goal goal = mine::hex_goal(Hash::crc32, prefix);
        const auto all = reach(goal, base, letters, 5, 5);
        EXPECT_TRUE(all[0].exact);
        EXPECT_NEAR(all[0].share, counted_share(goal, letters, 5), 1e-9) << prefix;
    }
}

TEST(MineReach, OfFewSuffixesIsCounted) {
    for (const Hash hash : {Hash::adler32, Hash::crc32}) {
        const Goal goal = mine::zero_bits_goal(hash, 1);
        const auto all = reach(goal, base, letters, 1, 4);
        for (const Reach& at : all) {
            EXPECT_TRUE(at.exact);
            EXPECT_EQ(at.share, counted_share(goal, letters, at.length));
        }
    }
}

TEST(MineReach, WhatCannotBeKnownExactlyIsSaidToBeAnEstimate) {
    const auto all = reach(mine::hex_goal(Hash::crc32, "00000000"), base, letters, 8, 8);
    EXPECT_FALSE(all[0].exact);
    EXPECT_NEAR(all[0].share * 4294967296.0, 1, 0.1);
}

}  // namespace
