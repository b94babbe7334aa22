// procpool_test: OPTIMISED THOROUGH TIMEOUT 300
//
// The protocol of docs/protocol.md, explored exhaustively: every interleaving of the steps of a
// small pool, with a SIGKILL at each. First that the rules hold; then that the exploration has
// teeth: each rule is broken once, and that must be found.

#include <gtest/gtest.h>

#include "claims.hpp"
#include "expectations.hpp"
#include "verdict.hpp"
#include "wakeups.hpp"

namespace model {
namespace {

using claims::Claims;
using claims::Config;
using claims::Flaw;
using claims::Keeping;

// ----------------------------------------------------------------------------------------------------------
// small pools

/// Two workers, each killed at any moment, share three items in chunks of two.
Config pair() { return {.workers = 2, .chunk = 2, .kills = {1, 1}, .pages = {{{"ooo"}}}}; }

/// Three workers, each killed at any moment: an item may be in doubt with the only evidence in the
/// slot of another dead one.
Config trio() { return {.workers = 3, .chunk = 2, .kills = {1, 1, 1}, .pages = {{{"ooo"}}}}; }

/// The same, one item a claim: each worker may follow each other several times.
Config trio_one_by_one() {
    return {.workers = 3, .chunk = 1, .kills = {1, 1, 1}, .pages = {{{"oo"}}}};
}

/// Two jobs at once: a worker's last claim in one job is older than its last claim in the other.
Config two_jobs() {
    return {.workers = 2, .chunk = 1, .kills = {1, 1}, .pages = {{{"oo"}, {"oo"}}}};
}

/// A page that carries one job after the other, and workers that looked at it too long ago.
Config reuse(std::string first, std::string second) {
    return {.workers = 2,
            .chunk = 2,
            .kills = {1, 1},
            .stale_looks = 1,
            .pages = {{{std::move(first), std::move(second)}}}};
}

/// One claim of three items, two frames long.
Config two_frames() { return {.workers = 2, .chunk = 3, .kills = {2, 0}, .pages = {{{"ooo"}}}}; }

/// Items that throw and items with large results, alone in their frames, amid ordinary ones.
Config alone(std::string items) {
    return {.workers = 2, .chunk = 2, .kills = {1, 1}, .pages = {{{std::move(items)}}}};
}

Config retried(std::string items) {
    return {
        .workers = 2, .chunk = 2, .retries = 1, .kills = {2, 1}, .pages = {{{std::move(items)}}}};
}

/// Workers that live for two items.
Config short_lived() {
    return {.workers = 2,
            .chunk = 2,
            .retries = 1,
            .max_tasks = 2,
            .kills = {2, 1},
            .pages = {{{"oooo"}}}};
}

/// The client may cancel at any moment.
Config cancelled(Config config) {
    config.cancelled_page = 0;
    return config;
}

/// The second item closes the job, as find_any's first success does.
Config found() { return {.workers = 2, .chunk = 1, .kills = {1, 1}, .pages = {{{"oso"}}}}; }

// -------------------------------------------------------------------------------------------------------
// the rules hold

TEST(Claims, TwoWorkersLoseNothing) { expect_holds(Claims{pair()}); }
TEST(ThoroughClaims, ThreeWorkersLoseNothing) { expect_holds(Claims{trio()}); }
TEST(ThoroughClaims, ThreeWorkersLoseNothingOneByOne) { expect_holds(Claims{trio_one_by_one()}); }
TEST(ThoroughClaims, TwoJobsAtOnceDoNotConfuseTheEvidence) { expect_holds(Claims{two_jobs()}); }
TEST(Claims, OneEvidenceWordAWorkerWillDoIfItIsNotReplacedWhileItIsNeeded) {
    auto config = two_jobs();
    config.keeping = Keeping::word_per_worker;
    config.kills = {1, 0};
    expect_holds(Claims{config});
    config.pages = {{{"oo"}, {"o", "o"}}};
    config.stale_looks = 0;
    expect_holds(Claims{config});
}
TEST(Claims, AReusedPageIsSafeFromStaleClaimers) {
    expect_holds(Claims{reuse("o", "oo")});
    expect_holds(Claims{reuse("oo", "o")});
    expect_holds(Claims{reuse("oo", "oo")});
}
TEST(Claims, AClaimMayFillSeveralFrames) { expect_holds(Claims{two_frames()}); }
TEST(Claims, ItemsAloneInTheirFrames) {
    for (const auto* items : {"xo", "oxo", "xxo", "Lo", "oLo", "xLo"}) {
        expect_holds(Claims{alone(items)});
    }
}
TEST(Claims, DeadItemsAreTriedAgain) {
    for (const auto* items : {"oo", "ooo", "oLo", "oxo"}) {
        expect_holds(Claims{retried(items)});
    }
}
TEST(Claims, WorkersRetireBetweenClaims) { expect_holds(Claims{short_lived()}); }
TEST(Claims, TheClientCancelsAtAnyMoment) {
    expect_holds(Claims{cancelled(pair())});
    expect_holds(Claims{cancelled(reuse("oo", "o"))});
}
TEST(Claims, AWorkerClosesTheJob) {
    expect_holds(Claims{found()});
    expect_holds(Claims{cancelled(found())});
}

TEST(Claims, ChecksMayCollide) {
    for (auto config : {reuse("o", "oo"), reuse("oo", "o"), reuse("o", "o")}) {
        config.checks_collide = true;
        expect_holds(Claims{config});
    }
}
TEST(Claims, EachFenceAloneKeepsStaleClaimersOut) {
    for (const auto flaw : {Flaw::serial_not_read_again, Flaw::limit_before_the_word}) {
        auto config = reuse("o", "oo");
        config.flaw = flaw;
        expect_holds(Claims{config});
    }
}

/// The reduction of interleavings (see Config::reduce) hides nothing: without it the verdict is the
/// same.
TEST(Claims, HoldsWithoutReductionToo) {
    for (auto config :
         {pair(), two_frames(), alone("oxo"), retried("oo"), cancelled(pair()), reuse("o", "o")}) {
        config.reduce = false;
        expect_holds(Claims{config});
    }
}

// ---------------------------------------------------------------------------------------------
// breaking them is noticed

constexpr auto doubt = "the doubt about a claim is resolved wrongly";
constexpr auto lost = "an item is lost";
constexpr auto charged = "an item is charged for a death although it was not running";

TEST(BrokenClaim, WithoutEvidence) { expect_breaks(pair(), Flaw::no_evidence, doubt); }
TEST(BrokenClaim, EvidenceAfterTheSwap) {
    expect_breaks(pair(), Flaw::evidence_after_the_swap, doubt);
}
TEST(BrokenClaim, OneEvidenceWordForAllJobs) {
    expect_breaks(two_jobs(), Flaw::one_evidence_word_for_all_jobs, doubt);
}
TEST(BrokenClaim, EvidenceDiesWithItsAuthor) {
    expect_breaks(pair(), Flaw::evidence_dies_with_its_author, doubt);
}
TEST(BrokenClaim, PhaseNotIdleWhileTheClaimIsRewritten) {
    expect_breaks(pair(), Flaw::phase_not_idle_while_the_claim_is_rewritten,
                  "an item is dispensed that its worker did not hold");
}
TEST(BrokenClaim, IntentBeforeTheClaim) {
    expect_breaks(pair(), Flaw::intent_before_the_claim, doubt);
}
TEST(BrokenClaim, TakenBeforeTheSwap) {
    expect_breaks(pair(), Flaw::taken_before_the_swap,
                  "an item is dispensed that its worker did not hold");
}
TEST(BrokenClosing, ByTheClientWithoutEvidence) {
    expect_breaks(cancelled(pair()), Flaw::client_closes_without_evidence, doubt);
}
TEST(BrokenClosing, TheClientsEvidenceInTwoWords) {
    auto config = cancelled(pair());
    config.chunk = 1;
    expect_breaks(config, Flaw::client_evidence_in_two_words, doubt);
}
TEST(BrokenClosing, ByAWorkerWithoutEvidence) {
    expect_breaks(found(), Flaw::worker_closes_without_evidence, doubt);
}
TEST(BrokenClosing, BeforeTheReasonIsPublished) {
    expect_breaks(found(), Flaw::closed_before_the_reason_is_published,
                  "a job is closed for a reason that is not published");
}

TEST(BrokenPublishing, TheClaimKeepsTheOldFrameFirst) {
    expect_breaks(two_jobs(), Flaw::claim_keeps_the_old_frame_first, lost);
}
TEST(BrokenPublishing, FramePosBeforeFrameFirst) {
    expect_breaks(two_frames(), Flaw::frame_pos_before_frame_first, "an item is delivered twice");
}
TEST(BrokenPublishing, CurrentMovesBeforeTheResultIsWritten) {
    expect_breaks(pair(), Flaw::current_moves_before_the_result_is_written,
                  "a frame is published without the results it announces");
}
TEST(BrokenPublishing, TailBeforeTheHeader) {
    expect_breaks(pair(), Flaw::tail_before_the_header, "a frame is read that is not there");
}
TEST(BrokenPublishing, ALoneFrameIsOpenedByItsEnd) {
    expect_breaks(alone("oxo"), Flaw::lone_frame_opened_by_its_end, lost);
}
TEST(BrokenPublishing, ALoneFramesFirstMovesAfterTheTail) {
    expect_breaks(alone("oxo"), Flaw::lone_frame_first_moved_after_the_tail, charged);
}
TEST(BrokenPublishing, ALoneFrameLeavesCurrentBehind) {
    expect_breaks(alone("xo"), Flaw::lone_frame_leaves_current_behind, charged);
}
TEST(BrokenPublishing, AnItemStartsWithoutASpareFrame) {
    auto config = pair();
    config.pages[0] = {"oooo"};
    expect_breaks(config, Flaw::item_started_without_a_spare_frame,
                  "the fork server has to wait for the client");
}
TEST(BrokenPublishing, RetiredBeforeTheLastPublication) {
    expect_breaks(short_lived(), Flaw::retired_before_the_last_publication,
                  "a worker retires with items in its hands");
}
TEST(BrokenPublishing, AChunkLargerThanTheQuota) {
    auto config = short_lived();
    config.chunk = 3;
    expect_breaks(config, Flaw::chunk_larger_than_the_quota,
                  "a worker runs more items than its life allows");
}

TEST(BrokenRecovery, EvidenceReadBeforeTheWord) {
    expect_breaks(pair(), Flaw::evidence_read_before_the_word, doubt);
}
TEST(BrokenRecovery, TheReplacementStartsBeforeIt) {
    expect_breaks(pair(), Flaw::replacement_before_the_recovery, doubt);
}
TEST(BrokenRecovery, TheOpenFrameIsForgotten) {
    expect_breaks(pair(), Flaw::open_frame_not_published, lost);
}

TEST(BrokenReuse, BeforeAllIsDelivered) {
    expect_breaks(reuse("o", "oo"), Flaw::page_reused_when_all_is_claimed,
                  "a job page is reused while an item of it is not delivered");
}
TEST(BrokenReuse, TheSerialStaysWhileTheWordChanges) {
    expect_breaks(reuse("o", "oo"), Flaw::serial_stays_while_the_word_changes,
                  "the alarm is raised at a sound claim word");
}

/// Two fences keep a worker from taking the old word with the new limit. Without either:
TEST(BrokenReuse, TheLimitComesFirstAndTheSerialIsNotReadAgain) {
    auto config = reuse("o", "oo");
    config.second_flaw = Flaw::serial_not_read_again;
    expect_breaks(config, Flaw::limit_before_the_word, "an item outside its job is claimed");
}
/// Two more keep it from taking a word that looks the same: a check of its own for each job, and
/// positions that never come twice. Checks have too few bits for it alone.
TEST(BrokenReuse, PositionsStartAgain) {
    auto config = reuse("o", "o");
    config.checks_collide = true;
    expect_breaks(config, Flaw::positions_start_again, "an item outside its job is claimed");
}

// ------------------------------------------------------------------------------------------------------
// waiting, and time

TEST(Waiting, AClientHearsTheBell) { expect_holds(bell::Bell{bell::Flaw::none}); }

TEST(BrokenWaiting, TheBell) {
    using enum bell::Flaw;
    for (const auto flaw :
         {client_reads_the_bell_after_looking, worker_wakes_before_it_rings,
          tail_may_linger_in_the_store_buffer, server_does_not_ring_for_the_dead}) {
        SCOPED_TRACE(static_cast<int>(flaw));
        expect_breaks(bell::Bell{flaw}, stuck_rule);
    }
}

TEST(Waiting, NoWorkerSleepsWhileAJobWaits) {
    expect_holds(doorbell::Doorbell{doorbell::Flaw::none});
}

TEST(BrokenWaiting, TheDoorbell) {
    using enum doorbell::Flaw;
    for (const auto flaw :
         {client_looks_for_a_token_before_it_rings, token_given_back_after_the_last_look,
          token_kept_while_working, nobody_looks_again_before_work,
          only_the_spinner_looks_again_before_work, token_of_the_dead_kept,
          replacement_parks_without_looking, nobody_is_woken_for_the_dead}) {
        SCOPED_TRACE(static_cast<int>(flaw));
        expect_breaks(doorbell::Doorbell{flaw}, stuck_rule);
    }
}

TEST(Timeout, AnItemIsEitherFinishedOrTimedOut) {
    expect_holds(verdict::Verdict{verdict::Flaw::none});
}

TEST(BrokenTimeout, TheVerdictNamesTheItem) {
    expect_breaks(verdict::Verdict{verdict::Flaw::verdict_names_the_item},
                  "an item is condemned before its time is over");
}
TEST(BrokenTimeout, StartedIsReadBeforeVerdict) {
    expect_breaks(verdict::Verdict{verdict::Flaw::started_is_read_before_verdict},
                  "an item is condemned before its time is over");
}
TEST(BrokenTimeout, TheLoserGoesOn) {
    expect_breaks(verdict::Verdict{verdict::Flaw::loser_goes_on}, "a condemned item is published");
}

}  // namespace
}  // namespace model
