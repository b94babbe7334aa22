// procpool_test: LINK mine_app
// Figures as a person reads them.

#include "mine/text.hpp"

#include <gtest/gtest.h>

namespace {

using mine::count_text;
using mine::duration_text;
using mine::percent_text;
using mine::progress_line;
using mine::rate_text;

constexpr double year = 365.25 * 24 * 3600;

TEST(MineText, CountsAreWholeUpToABillion) {
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(1'234'567), "1,234,567");
    EXPECT_EQ(count_text(2.31e9), "2.31 billion");
    EXPECT_EQ(count_text(1.2e20), "1.2e+20");
}

TEST(MineText, DurationsAreInTheUnitThatAPersonWouldTake) {
    EXPECT_EQ(duration_text(0.0001), "less than 1 ms");
    EXPECT_EQ(duration_text(0.085), "85 ms");
    EXPECT_EQ(duration_text(3.2), "3.2 s");
    EXPECT_EQ(duration_text(125), "2 min 5 s");
    EXPECT_EQ(duration_text(12 * 24 * 3600), "12 days");
    EXPECT_EQ(duration_text(4.26 * year), "4.3 years");
    EXPECT_EQ(duration_text(583 * year), "583 years");
    EXPECT_EQ(duration_text(1'234'567 * year), "1,234,567 years");
}

TEST(MineText, SharesAreNeitherRoundedToNoneNorToAll) {
    EXPECT_EQ(percent_text(0), "0 %");
    EXPECT_EQ(percent_text(0.125), "12 %");
    EXPECT_EQ(percent_text(0.9999), "nearly 100 %");
    EXPECT_EQ(percent_text(1), "100 %");
    EXPECT_EQ(percent_text(1.0 / 16'777'216), "one in 17,000,000");
}

TEST(MineText, RatesAreInThreeDigits) {
    EXPECT_EQ(rate_text(999), "999 H/s");
    EXPECT_EQ(rate_text(12.34e6), "12.3 MH/s");
}

TEST(MineText, AProgressLineTellsWhatThereIsRoomFor) {
    EXPECT_EQ(progress_line(50, 1, 100, 80),
              "50 hashes in 1.0 s, 50 H/s, 50% of the expected work, ETA 1.0 s");
    EXPECT_EQ(progress_line(50, 1, 100, 19), "50 H/s 50% 1.0 s");
    EXPECT_EQ(progress_line(50, 1, 100, 10), "50 H/s 50%");
    EXPECT_EQ(progress_line(50, 1, 100, 2), "50");
}

}  // namespace
