// What program and tasks print comes out once, whatever buffers it lay in.

#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "support/program.hpp"

TEST(Output, OfStreamsWithBuffersOfTheirOwnIsNeitherDoubledNorLost) {
    support::Program program("life/output");
    std::istringstream words(program.line());
    int headers = 0;
    int items = 0;
    int ends = 0;
    for (std::string word; words >> word;) {
        headers += word == "header" ? 1 : 0;
        items += word == "item" ? 1 : 0;
        ends += word == "end" ? 1 : 0;
    }
    EXPECT_EQ(headers, 1);
    EXPECT_EQ(items, 10);
    EXPECT_EQ(ends, 1);
}
