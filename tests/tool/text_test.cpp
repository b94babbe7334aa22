// procpool_test: LINK tool_app
// Text of the tool: counts, names of unknown origin, and lines for narrow terminals.

#include "tool/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using tool::counted;
using tool::folded;
using tool::grouped;
using tool::one_line;

TEST(ToolText, GroupsDigitsByThousands) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(~std::uint64_t{0}), "18,446,744,073,709,551,615");
}

TEST(ToolText, CountsWhatThereIs) {
    EXPECT_EQ(counted(0, "worker"), "0 workers");
    EXPECT_EQ(counted(1, "process"), "1 process");
    EXPECT_EQ(counted(2, "process"), "2 processes");
}

TEST(ToolText, IsSplitAtAnyOfTheSeparators) {
    EXPECT_EQ(tool::split("a b\t c", " \t"), (std::vector<std::string_view>{"a", "b", "", "c"}));
    EXPECT_EQ(tool::split("", ","), std::vector<std::string_view>{""});
    EXPECT_EQ(tool::split("a,", ","), (std::vector<std::string_view>{"a", ""}));
    EXPECT_EQ(tool::trimmed("a b \n"), "a b");
    EXPECT_EQ(tool::trimmed(" \n"), "");
}

TEST(ToolText, IsAWholeNumberOrNone) {
    EXPECT_EQ(tool::whole_number<int>("-12"), -12);
    EXPECT_EQ(tool::whole_number<int>("ff", 16), 255);
    for (const char* none : {"", " 1", "1 ", "1x", "0x1", "2147483648"}) {
        EXPECT_EQ(tool::whole_number<int>(none), std::nullopt) << none;
    }
}

TEST(ToolText, OfUnknownOriginIsOneLineThatMovesNoCursor) {
    EXPECT_EQ(one_line("a\nb\x1b[2Jc\x7f"), "a?b?[2Jc?");
    EXPECT_EQ(one_line("gr\xc3\xb6\xc3\x9f"
                       "e"),
              "gr\xc3\xb6\xc3\x9f"
              "e");
}

TEST(ToolText, OfUnknownOriginIsQuotedAndShort) {
    EXPECT_EQ(tool::quoted("x\ny"), "'x?y'");
    EXPECT_EQ(tool::quoted(std::string(100, 'x')), "'" + std::string(24, 'x') + "...'");
}

TEST(ToolFolded, IsTheSameWhereItFits) {
    EXPECT_EQ(folded("  a  b\n\nc\n", 6), "  a  b\n\nc\n");
    EXPECT_EQ(folded("", 1), "");
}

TEST(ToolFolded, BreaksAtBlanksAndGoesOnIndented) {
    EXPECT_EQ(folded("one two three\n  four five six\n", 9),
              "one two\n  three\n  four\n    five\n    six\n");
    EXPECT_EQ(folded("one two three", 9, 0), "one two\nthree");
}

TEST(ToolFolded, KeepsLongWordsWhole) {
    EXPECT_EQ(folded("abcdefghij klm", 4), "abcdefghij\n  klm");
}

}  // namespace
