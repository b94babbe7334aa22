// procpool_test: TIMEOUT 2400

#include <gtest/gtest.h>

#include "life/killed_writer.hpp"

TEST(JournalOfAKilledProgram, AThousandDeathsLoseNothing) {
    life::kill_and_go_on({.verb = "map", .items = 10'000, .kills = 600, .seed = 2});
    life::kill_and_go_on({.verb = "stream", .items = 10'000, .kills = 300, .seed = 3});
    life::kill_and_go_on({.verb = "try", .items = 10'000, .kills = 100, .seed = 4});
}
