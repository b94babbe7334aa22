// The little language of --grid.

#include "forest/grid.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/lists.hpp"
#include "support/text.hpp"
#include "tool/exit.hpp"

namespace {

using forest::Grid;
using forest::parse_grid;
using forest::Settings;
using support::contains;
using support::listed;

std::string complaint_about(const std::string& text) {
    try {
        (void)parse_grid(text);
    } catch (const tool::BadUsage& error) {
        return error.what();
    }
    return "no complaint";
}

TEST(Grid, HasEveryCombination) {
    const Grid grid = parse_grid("depth=2,full leaf=1,5");
    EXPECT_EQ(grid.points, listed(Settings{.depth = 2, .leaf = 1}, Settings{.depth = 2, .leaf = 5},
                                  Settings{.leaf = 1}, Settings{.leaf = 5}));
    EXPECT_EQ(grid.name(2), "depth=full leaf=1");
    EXPECT_EQ(grid.coordinates(1), listed<std::size_t>(0, 1));
}

TEST(Grid, KnowsRangesAndShares) {
    EXPECT_EQ(parse_grid("rounds=1..3").points,
              listed(Settings{.rounds = 1}, Settings{.rounds = 2}, Settings{.rounds = 3}));
    EXPECT_EQ(parse_grid(" rate=0.25,1 ").points,
              listed(Settings{.rate = 0.25}, Settings{.rate = 1}));
}

TEST(Grid, OfTheDefaultIsWellFormed) {
    EXPECT_EQ(parse_grid(forest::default_grid).points.size(), 21U);
}

TEST(GridComplaint, SaysWhatIsWrongAndShowsWhatIsRight) {
    const std::pair<const char*, const char*> wrong[] = {
        {"", "it has no setting"},
        {"size=1", "a setting is one of depth, leaf, rounds and rate"},
        {"depth", "it has no values"},
        {"depth=", "depth takes 1 to 1000, or full, not ''"},
        {"depth=1,", "not ''"},
        {"depth=0", "not '0'"},
        {"depth=1001", "not '1001'"},
        {"depth=-1", "not '-1'"},
        {"depth=1.5", "not '1.5'"},
        {"depth=1..", "not '1..'"},
        {"depth=1..99999999999", "not '1..99999999999'"},
        {"depth=4..2", "'4..2' is upside down"},
        {"depth=2,2", "2 is there twice"},
        {"depth=1 depth=2", "depth is there twice"},
        {"leaf=full", "leaf takes 1 to 1000000, not 'full'"},
        {"rate=0", "rate takes more than 0, and 1 at most"},
        {"rate=1.1", "not '1.1'"},
        {"rate=nan", "not 'nan'"},
        {"leaf=1..100000", "more than 10000"},
        {"depth=1..1000 leaf=1..1000", "more than 10000 combinations"},
    };
    for (const auto& [text, why] : wrong) {
        EXPECT_TRUE(contains(complaint_about(text), why)) << text;
        EXPECT_TRUE(contains(complaint_about(text), "for example: --grid depth=1..4,full")) << text;
    }
}

}  // namespace
