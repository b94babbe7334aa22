// procpool_test: TIMEOUT 240
// The client is killed at random moments, and goes on where its journal says. journal_soak_test.cpp
// does so for longer.

#include <string>

#include <gtest/gtest.h>

#include "life/killed_writer.hpp"

namespace {

TEST(JournalOfAKilledProgram, AMapGoesOnWhereItWas) {
    life::kill_and_go_on({.verb = "map", .items = 10'000, .kills = 20});
}
TEST(JournalOfAKilledProgram, ATryMapGoesOnWhereItWas) {
    life::kill_and_go_on({.verb = "try", .items = 10'000, .kills = 5});
}
TEST(JournalOfAKilledProgram, AStreamGoesOnWhereItWas) {
    life::kill_and_go_on({.verb = "stream", .items = 10'000, .kills = 10});
}
TEST(JournalOfAKilledProgram, WorkersThatAreStartedAnewLeaveOutWhatIsDone) {
    life::kill_and_go_on({.verb = "spawn", .items = 10'000, .kills = 5});
}
TEST(JournalOfAKilledProgram, AMapThatSyncsGoesOnWhereItWas) {
    life::kill_and_go_on({.verb = "sync", .items = 300, .kills = 5});
}

}  // namespace
