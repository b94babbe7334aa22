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

// Where the two sums of adler32 are too many to be followed together.

/// As the hash of a text: what this length of these letters can certainly have.
Goal goal_of_text(const std::string& text) {
    return mine::hex_goal(Hash::adler32, mine::to_hex(digest(Hash::adler32, text)));
}

TEST(MineReach, AHashThatATextHasIsNeverSaidToBeOutOfReach) {
    constexpr std::uint32_t length = 40;
    for (const std::string alphabet : {"ab", "!5aAz~"}) {
        std::string suffix;
        for (std::uint32_t i = 0; i < length; ++i) {
            suffix += alphabet[i * i % alphabet.size()];
        }
        const auto lowest = std::string(length, alphabet.front());
        const auto highest = std::string(length, alphabet.back());
        for (const std::string& text : {suffix, lowest, highest}) {
            const auto all = reach(goal_of_text(base + text), base, alphabet, length, length);
            EXPECT_GT(all[0].share, 0) << text;
        }
    }
}

TEST(MineReach, ALowerSumThatNoSuffixOfTheLengthHasIsOutOfReach) {
    // 40 letters from a to b add 3880 to 3920 to the lower sum.
    const std::string hash = mine::to_hex(digest(Hash::adler32, base + std::string(40, 'a')));
    for (const char* lower : {"0000", "ffff", "fff0", "ff00"}) {
        const Goal goal{.hash = Hash::adler32,
                        .ranges = {{std::stoull(hash.substr(0, 4) + lower, nullptr, 16),
                                    std::stoull(hash.substr(0, 4) + lower, nullptr, 16)}},
                        .text = "exact"};
        const auto all = reach(goal, base, "ab", 40, 40);
        EXPECT_EQ(all[0].share, 0) << lower;
        EXPECT_TRUE(all[0].exact) << lower;
    }
}

TEST(MineReach, AnUpperSumThatTheLowerOneRulesOutIsOutOfReach) {
    // The lower sum of all a, the upper one of all b: the letters would have to be both.
    const std::string low = mine::to_hex(digest(Hash::adler32, base + std::string(60, 'a')));
    const std::string high = mine::to_hex(digest(Hash::adler32, base + std::string(60, 'b')));
    const Goal goal = mine::hex_goal(Hash::adler32, high.substr(0, 4) + low.substr(4));
    EXPECT_EQ(reach(goal, base, "ab", 60, 60)[0].share, 0);
}

TEST(MineReach, OfSumsApartIsAboutWhatChanceFinds) {
    const std::string printable = [] {
        std::string all;
        for (char letter = ' '; letter <= '~'; ++letter) {
            all += letter;
        }
        return all;
    }();
    const std::string middle =
        mine::to_hex(digest(Hash::adler32, base + std::string(20, 'O'))).substr(0, 5);
    const Goal goal = mine::hex_goal(Hash::adler32, middle);
    const auto at = reach(goal, base, printable, 20, 20)[0];
    EXPECT_FALSE(at.exact);
    const auto search = make_search(mine::Strategy::random, goal, base, printable, {20});
    constexpr std::uint64_t tries = 5'000'000;
    const auto hits = work_off(search, {.first = 0, .count = tries, .length = 0}, tries).second;
    EXPECT_NEAR(at.share / (static_cast<double>(hits.size()) / tries), 1, 0.5);
}

}  // namespace
