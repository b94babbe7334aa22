// procpool_test: LINK mine_app
// What is asked for: which lengths are looked at, and what is refused or told before any work.

#include "mine/request.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mine/crew.hpp"
#include "mine/genesis.hpp"
#include "mine/miner.hpp"
#include "support/lists.hpp"
#include "support/text.hpp"

namespace {

using mine::Digits;
using mine::Hash;
using mine::make_order;
using mine::Request;
using mine::Strategy;
using support::any_contains;
using support::contains;
using support::contains_match;
using support::listed;

std::string reason_for_refusing(const Request& request) {
    try {
        static_cast<void>(make_order(request));
    } catch (const mine::ImpossibleGoal& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    return "it was not refused";
}

// Lengths.

TEST(MineRequest, OfTheLectureTakesTheLengthWhereItsGoalIsNearlyAlwaysMet) {
    EXPECT_EQ(make_order({}).lengths, listed<std::uint32_t>(20));
}

TEST(MineRequest, EnumeratesFromTheShortestLengthThatCanMeetTheGoal) {
    EXPECT_EQ(make_order({.strategy = Strategy::enumerate}).lengths, listed<std::uint32_t>(19, 20));
    EXPECT_EQ(make_order({.strategy = Strategy::enumerate, .min_length = 20}).lengths,
              listed<std::uint32_t>(20));
    EXPECT_EQ(make_order({.hash = Hash::crc32, .prefix = "0", .strategy = Strategy::enumerate})
                  .lengths.front(),
              1U);
}

TEST(MineRequest, EnumeratingAChecksumFindsTheSmallestAnswers) {
    const Request request{.hash = Hash::crc32,
                          .base = "a",
                          .prefix = "f",
                          .strategy = Strategy::enumerate,
                          .count = 3};
    const auto order = make_order(request);
    const auto crew = mine::make_plain_crew(order.plan.search, order.plan.wanted);
    std::vector<std::string> found;
    for (const auto& one :
         mine::mine(order.plan, *crew, 4096, [](const mine::Progress&) { return true; }).found) {
        found.push_back(one.suffix);
    }
    EXPECT_EQ(found, listed("s", "w", "aa"));
}

TEST(MineRequest, OfAChecksumKeepsToTheLengthsThatAreAskedFor) {
    const Request request{
        .hash = Hash::crc32, .prefix = "017", .min_length = 2, .max_length = 3, .count = 2};
    for (const auto length : make_order(request).lengths) {
        EXPECT_GE(length, 2U);
        EXPECT_LE(length, 3U);
    }
    for (std::uint64_t count : {1U, 1000U, 1'000'000'000U}) {  // too many for these lengths
        const auto lengths = make_order({.hash = Hash::crc32,
                                         .prefix = "0",
                                         .min_length = 2,
                                         .max_length = 3,
                                         .count = count})
                                 .lengths;
        EXPECT_EQ(lengths, listed<std::uint32_t>(2, 3)) << count;
    }
}

TEST(MineRequest, OfAChecksumTakesALengthThatHasAsManyAnswersAsAreWanted) {
    // Of the 26 suffixes of one letter a larger share than of any others meets it, and that is two.
    const auto order = make_order({.hash = Hash::crc32, .base = "a", .prefix = "f", .count = 100});
    EXPECT_GE(order.candidates * order.share, 100);
    EXPECT_GE(order.lengths.front(), 2U);
}

TEST(MineRequest, ByChanceTriesEveryLengthAskedForHoweverShort) {
    const auto order = make_order({.hash = Hash::sha256,
                                   .prefix = "0",
                                   .alphabet = "ab",
                                   .min_length = 1,
                                   .max_length = 5,
                                   .count = 1});
    std::set<std::string> tried;
    for (std::uint64_t n = 0; n < static_cast<std::uint64_t>(order.candidates); ++n) {
        tried.insert(suffix_of(order.plan.search, n, 0));
    }
    EXPECT_EQ(tried.size(), 2U + 4 + 8 + 16 + 32);
}

TEST(MineRequest, LooksAtLongerSuffixesWhereTheOthersHaveLittleToOffer) {
    std::string base;
    for (int i = 0; i < 30; ++i) {
        base += "xyz";
    }
    const auto poor = make_order({.base = base, .prefix = "00"});
    EXPECT_GT(poor.share, 0.01);
    EXPECT_GT(poor.lengths.front(), 32U);
    const auto none = make_order({.base = "a", .prefix = "000", .alphabet = "ab"});
    EXPECT_GT(none.share, 0);
    EXPECT_GT(none.lengths.front(), 32U);
}

TEST(MineRequest, NamesALongerLengthWhenTheOnesAskedForAreTooShort) {
    EXPECT_TRUE(contains_match(
        reason_for_refusing({.base = "a", .prefix = "000", .alphabet = "ab", .max_length = 10}),
        "--max-length [3-6][0-9]"));
}

TEST(MineRequest, TellsWhichLengthsOfTheLectureMeetTheGoal) {
    EXPECT_TRUE(any_contains(make_order({}).notes, "1 to 18: none, 19: 13 %, 20: 97 %, 21"));
}

TEST(MineRequest, LeavesOutLengthsThatCannotMeetTheGoal) {
    EXPECT_EQ(make_order({.min_length = 1, .max_length = 25}).lengths,
              listed<std::uint32_t>(19, 20));
}

TEST(MineRequest, OfLengthsThatCannotMeetTheGoalIsRefusedWithTheReasonAndOneThatCan) {
    for (const auto& [shortest, longest] : {std::pair{1U, 18U}, std::pair{21U, 25U}}) {
        const std::string reason =
            reason_for_refusing({.min_length = shortest, .max_length = longest});
        EXPECT_TRUE(contains(reason, "adler32 adds up slowly"));
        EXPECT_TRUE(contains(reason, "--min-length 20 --max-length 20"));
    }
}

TEST(MineRequest, ThatNoLengthMeetsIsRefused) {
    EXPECT_TRUE(contains(reason_for_refusing({.base = "", .prefix = "00000000", .alphabet = "ab"}),
                         "give another --alphabet"));
}

TEST(MineRequest, OfShaEnumeratesFromTheShortestSuffix) {
    const auto lengths =
        make_order({.hash = Hash::sha256, .prefix = "000", .strategy = Strategy::enumerate})
            .lengths;
    EXPECT_EQ(lengths.front(), 1U);
    EXPECT_GE(lengths.back(), 4U);
}

TEST(MineRequest, OfShaByChanceTakesALengthWithPlentyOfAnswers) {
    const auto order = make_order({.hash = Hash::sha256, .prefix = "000000"});
    ASSERT_EQ(order.lengths.size(), 1U);
    EXPECT_GE(order.lengths[0], 7U);
    EXPECT_DOUBLE_EQ(order.expected(), 16'777'216);
}

TEST(MineRequest, TakesTheLengthsThatAreAskedFor) {
    EXPECT_EQ(make_order({.hash = Hash::sha256, .min_length = 3, .max_length = 5}).lengths,
              listed<std::uint32_t>(3, 4, 5));
    EXPECT_EQ(make_order({.hash = Hash::sha256, .min_length = 60}).lengths,
              listed<std::uint32_t>(60));
    EXPECT_EQ(make_order({.hash = Hash::sha256, .max_length = 2}).lengths,
              listed<std::uint32_t>(2));
}

// Told before any work.

TEST(MineRequest, SaysThatTheLecturesGoalInDecimalIsMetByEverySuffix) {
    const auto order = make_order({.digits = Digits::dec, .prefix = "1"});
    EXPECT_EQ(order.lengths, listed<std::uint32_t>(1));
    EXPECT_EQ(order.share, 1);
    EXPECT_TRUE(any_contains(order.notes, "nothing to search"));
}

TEST(MineRequest, SaysThatEnumeratingAdlerMayTakeLong) {
    EXPECT_TRUE(
        any_contains(make_order({.strategy = Strategy::enumerate}).notes, "--strategy random"));
    EXPECT_FALSE(any_contains(make_order({}).notes, "--strategy random"));
}

TEST(MineRequest, OfABlockSaysHowLikelyTheRangeHoldsAnAnswer) {
    EXPECT_TRUE(any_contains(make_order({.header = genesis::header}).notes,
                             "4.29 billion nonces: with a chance of 63 %"));
}

TEST(MineRequest, ExpectsNoMoreHashesThanThereAreCandidates) {
    EXPECT_EQ(make_order({.hash = Hash::sha256, .zero_bits = 40, .limit = 1000}).expected(), 1000);
    EXPECT_EQ(make_order({.header = genesis::header, .nonce_from = 5, .nonce_to = 9}).expected(),
              5);
}

TEST(MineRequest, LooksAtNonceToAsWell) {
    const auto whole = make_order({.header = genesis::header});
    EXPECT_EQ(whole.plan.spans[0].count, std::uint64_t{1} << 32);
    const auto one = make_order({.header = genesis::header, .nonce_from = 7, .nonce_to = 7});
    EXPECT_EQ(one.plan.spans[0].count, 1U);
}

TEST(MineRequest, WritesHashesInTheDigitsAskedFor) {
    const std::string digest("\x00\x00\x01\x02", 4);
    EXPECT_EQ(mine::hash_text({}, digest), "00000102");
    EXPECT_EQ(mine::hash_text({.digits = Digits::dec}, digest), "258");
}

// Refused.

TEST(MineRequest, ThatIsUpsideDownIsRefused) {
    EXPECT_TRUE(contains(reason_for_refusing({.min_length = 5, .max_length = 4}), "swap"));
    EXPECT_TRUE(contains(
        reason_for_refusing({.header = genesis::header, .nonce_from = 5, .nonce_to = 4}), "swap"));
}

TEST(MineRequest, WithABadAlphabetIsRefused) {
    EXPECT_TRUE(contains(reason_for_refusing({.alphabet = "a"}), "fewer than two letters"));
    EXPECT_TRUE(contains(reason_for_refusing({.alphabet = ""}), "at least 2"));
    EXPECT_TRUE(contains(reason_for_refusing({.alphabet = "abca"}), "'a' twice"));
    EXPECT_TRUE(contains(reason_for_refusing({.alphabet = "a\xc3\xa4"}), "ASCII"));
    EXPECT_TRUE(contains(reason_for_refusing({.alphabet = "a\nb"}), "ASCII"));
}

TEST(MineRequest, WithLengthsOutOfRangeIsRefused) {
    EXPECT_TRUE(contains(reason_for_refusing({.min_length = 0}), "1 to 64"));
    EXPECT_TRUE(contains(reason_for_refusing({.max_length = 65}), "1 to 64"));
}

TEST(MineRequest, ForNothingIsRefused) {
    EXPECT_TRUE(contains(reason_for_refusing({.count = 0}), "at least 1"));
}

}  // namespace
