// procpool_test: OPTIMISED THOROUGH TIMEOUT 300
//
// Stealing (docs/protocol.md, part 4), explored like the rest of the protocol in protocol_test.cpp.

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "claims.hpp"
#include "expectations.hpp"

namespace model {
namespace {

using claims::Claims;
using claims::Config;
using claims::Flaw;
using claims::Keeping;

/// A claim of several items, a part of which the other worker may steal; each may try once.
Config stealing(std::string items, int chunk) {
    return {.workers = 2,
            .chunk = chunk,
            .kills = {1, 1},
            .thefts = {1, 1},
            .pages = {{{std::move(items)}}}};
}

/// Two claims, and a theft in each; or one claim that is stolen from twice.
Config stolen_twice(std::string items, int chunk) {
    auto config = stealing(std::move(items), chunk);
    config.thefts = {0, 2};
    return config;
}

/// A worker dies, and perhaps the next one in its place; the other one may steal what they leave.
Config left_behind(std::string items, int chunk) {
    auto config = stealing(std::move(items), chunk);
    config.kills = {2, 0};
    config.thefts = {0, 2};
    return config;
}

/// Two thieves of one victim.
Config two_thieves() {
    auto config = stealing("ooo", 3);
    config.workers = 3;
    config.kills = {0, 1, 0};
    config.thefts = {0, 1, 1};
    return config;
}

/// Two jobs at once, each claimed whole.
Config two_jobs() {
    auto config = stealing("oo", 2);
    config.pages = {{{"oo"}, {"oo"}}};
    return config;
}

/// What lies behind a find in its claim is skipped.
Config disposing() {
    auto config = stealing("soo", 3);
    config.disposes = true;
    return config;
}

// -------------------------------------------------------------------------------------------------------
// the rules hold

TEST(Stealing, LosesNothing) { expect_holds(Claims{stealing("ooo", 3)}); }
TEST(ThoroughStealing, LosesNothing) { expect_holds(Claims{stealing("oooo", 4)}); }
TEST(Stealing, LosesNothingInTwoClaims) { expect_holds(Claims{stolen_twice("ooo", 2)}); }
TEST(ThoroughStealing, LosesNothingInTwoClaims) { expect_holds(Claims{stolen_twice("oooo", 2)}); }
TEST(Stealing, LosesNothingOfAClaimStolenFromTwice) {
    expect_holds(Claims{stolen_twice("ooo", 3)});
}
TEST(Stealing, LosesNothingToTwoThieves) {
    auto config = two_thieves();
    config.pages = {{{"oo"}}};
    expect_holds(Claims{config});
}
TEST(ThoroughStealing, LosesNothingToTwoThieves) {
    auto config = two_thieves();
    expect_holds(Claims{config});
    config.kills = {1, 0, 0};
    expect_holds(Claims{config});
}
/// What a dead worker left, which waits for the next one in its place.
TEST(Stealing, LosesNothingOfWhatWaitsForItsWorker) {
    expect_holds(Claims{left_behind("ooo", 3)});
    expect_holds(Claims{left_behind("oo", 1)});
}
TEST(ThoroughStealing, LosesNothingOfWhatWaitsForItsWorker) {
    auto config = left_behind("oo", 2);
    config.workers = 3;
    config.thefts = {0, 1, 1};
    config.kills = {2, 1, 0};
    expect_holds(Claims{config});
}
TEST(Stealing, LosesNothingOfWhatWaitsWhenItemsAreTriedAgain) {
    auto config = left_behind("oo", 2);
    config.retries = 1;
    expect_holds(Claims{config});
}
/// Thieves in doubt beside takers in doubt.
TEST(Stealing, DoesNotConfuseTheEvidence) {
    auto config = two_jobs();
    config.keeping = Keeping::word_per_worker;
    config.kills = {1, 0};
    expect_holds(Claims{config});
}
TEST(Stealing, LosesNothingOfItemsAloneInTheirFrames) { expect_holds(Claims{stealing("oxo", 3)}); }
TEST(ThoroughStealing, LosesNothingOfItemsAloneInTheirFrames) {
    expect_holds(Claims{stealing("oLo", 3)});
}
TEST(Stealing, LosesNothingWhenItemsAreTriedAgain) {
    auto config = stealing("ooo", 3);
    config.retries = 1;
    expect_holds(Claims{config});
    config.kills = {2, 0};
    expect_holds(Claims{config});
}
TEST(ThoroughStealing, LosesNothingWhenItemsAreTriedAgain) {
    auto config = stealing("ooo", 3);
    config.retries = 1;
    config.kills = {2, 1};
    expect_holds(Claims{config});
}
TEST(Stealing, LosesNothingWhenWorkersRetire) {
    auto config = stealing("ooo", 3);
    config.max_tasks = 3;
    expect_holds(Claims{config});
}
TEST(Stealing, LosesNothingWhenTheJobIsClosed) {
    auto config = stealing("oo", 2);
    config.cancelled_page = 0;
    expect_holds(Claims{config});
}
TEST(ThoroughStealing, LosesNothingWhenAWorkerClosesTheJob) {
    expect_holds(Claims{stealing("oso", 3)});
}
TEST(ThoroughStealing, LosesNothingWhenTheJobIsClosed) {
    auto config = stealing("ooo", 3);
    config.cancelled_page = 0;
    expect_holds(Claims{config});
}
TEST(Stealing, LosesNothingWhenTheRestIsDisposedOf) { expect_holds(Claims{disposing()}); }
TEST(ThoroughStealing, IsSafeBesideAReusedPage) {
    auto config = stealing("oo", 2);
    config.pages = {{{"oo", "oo"}}};
    config.stale_looks = 1;
    config.thefts = {1, 0};
    expect_holds(Claims{config});
}

/// The reduction of interleavings hides nothing; see protocol_test.cpp.
TEST(Stealing, HoldsWithoutReductionToo) {
    auto config = stealing("ooo", 3);
    config.reduce = false;
    expect_holds(Claims{config});
}

// ---------------------------------------------------------------------------------------------
// breaking them is noticed

constexpr auto doubt = "the doubt about a claim is resolved wrongly";
constexpr auto lost = "an item is lost";
constexpr auto taken_from_nobody = "an item is taken from a worker that did not hold it";
constexpr auto runs_elsewhere = "an item runs on a worker that does not hold it";
constexpr auto alarm = "the alarm is raised at a sound theft word";

TEST(BrokenStealing, TheTheftWordIsReadBeforeCurrentIsWritten) {
    expect_breaks(stealing("ooo", 3), Flaw::theft_word_read_before_current_is_written,
                  runs_elsewhere);
}
TEST(BrokenStealing, AProposalIsLookedAtOnce) {
    expect_breaks(stealing("ooo", 3), Flaw::proposal_looked_at_once, taken_from_nobody);
}
TEST(BrokenStealing, AProposalIsNotRefused) {
    expect_breaks(stealing("ooo", 3), Flaw::proposal_not_refused, taken_from_nobody);
}
TEST(BrokenStealing, TheThiefsClaimIsReadWithoutASecondLook) {
    expect_breaks(stealing("oooo", 3), Flaw::thiefs_claim_read_without_a_second_look, alarm);
}
TEST(BrokenStealing, TheClaimIsReadBeforeCurrent) {
    auto config = two_jobs();
    config.kills = {0, 0};
    expect_breaks(config, Flaw::claim_read_before_current, taken_from_nobody);
}
TEST(BrokenStealing, TheClaimIsNotReadAgain) {
    auto config = two_jobs();
    config.kills = {0, 0};
    expect_breaks(config, Flaw::claim_not_read_again, taken_from_nobody);
}
TEST(BrokenStealing, CurrentIsNotReadAgain) {
    expect_breaks(stealing("ooo", 3), Flaw::current_not_read_again, taken_from_nobody);
}
TEST(BrokenStealing, AWholeClaimIsStolen) {
    auto config = stealing("ooo", 1);
    config.second_flaw = Flaw::current_of_an_earlier_claim_believed;
    expect_breaks(config, Flaw::whole_claim_stolen, runs_elsewhere);
}
TEST(BrokenStealing, ATheftIsReplacedWhileItsThiefIsInDoubt) {
    expect_breaks(two_thieves(), Flaw::theft_replaced_while_its_thief_is_in_doubt, doubt);
}
TEST(BrokenStealing, TheftsAreKeptForTheNextClaim) {
    expect_breaks(stolen_twice("oooo", 2), Flaw::thefts_kept_for_the_next_claim, lost);
}
TEST(BrokenStealing, TheSplitIsWrittenBeforeTheTheftIsDecided) {
    expect_breaks(stolen_twice("ooo", 3), Flaw::split_written_before_the_theft_is_decided, alarm);
}
TEST(BrokenStealing, ATheftIsRecordedBeforeTheSplit) {
    expect_breaks(stealing("ooo", 3), Flaw::theft_recorded_before_the_split, alarm);
}
TEST(BrokenStealing, TheTheftOfTheDeadIsLeftDecided) {
    expect_breaks(stealing("ooo", 3), Flaw::theft_of_the_dead_left_decided, alarm);
}
TEST(BrokenStealing, ADeadVictimIsNotLeft) {
    expect_breaks(stealing("ooo", 3), Flaw::dead_victim_not_left,
                  "an item is dispensed that its worker did not hold");
}
TEST(BrokenStealing, AnHeirDoesNotLook) {
    expect_breaks(left_behind("oo", 1), Flaw::heir_does_not_look, runs_elsewhere);
}
TEST(BrokenStealing, AnHeirLooksBeforeItTakes) {
    expect_breaks(left_behind("oo", 1), Flaw::heir_looks_before_it_takes, runs_elsewhere);
}
TEST(BrokenStealing, TheFirstItemIsStolenFromItsHeir) {
    expect_breaks(left_behind("oo", 1), Flaw::first_item_stolen_from_its_heir, runs_elsewhere);
}
TEST(BrokenStealing, CurrentOfAnEarlierClaimIsBelieved) {
    expect_breaks(left_behind("oo", 1), Flaw::current_of_an_earlier_claim_believed, runs_elsewhere);
}
TEST(BrokenStealing, TheftsAreCountedForAClaimOfOneItem) {
    expect_breaks(left_behind("oo", 1), Flaw::thefts_counted_for_one_item, lost);
}
TEST(BrokenStealing, DisposingWithoutShutting) {
    expect_breaks(disposing(), Flaw::disposed_without_shutting, taken_from_nobody);
}

}  // namespace
}  // namespace model
