#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "../pool_pages.hpp"
#include "engine/shared/steps.hpp"
#include "engine/shared/theft.hpp"
#include "engine/worker/thefts.hpp"
#include "support/eventually.hpp"

/// Three workers in one process: what a thief gets of the victim's claim, and what the victim and
/// the fork server make of it.
namespace procpool::engine {
namespace {

std::function<void(Step)> at_step;

/// A worker, as far as stealing goes.
struct Actor {
    Actor(const Layout& layout, int number)
        : seat(layout, number), bells(seat), thefts(seat, bells) {
        thefts.prepare();
    }

    void hold(const Claim& claim) const {
        seat.slot.write_claim(claim, engine_test::PoolPages::secret);
        seat.slot.phase = phase::taken;
    }
    void start(std::uint64_t position) const { seat.slot.current = running(position + shift); }
    /// Steals as Claims does it.
    [[nodiscard]] bool steal(const std::optional<Thefts::Loot>& loot) {
        if (!loot) {
            return false;
        }
        seat.slot.write_claim(loot->part, engine_test::PoolPages::secret);
        seat.slot.phase = phase::intent;
        const bool taken = thefts.take(*loot);
        seat.slot.phase = taken ? phase::taken : phase::idle;
        return taken;
    }

    static constexpr std::uint64_t shift = 1000;
    Seat seat;
    Bells bells;
    Thefts thefts;
};

class TheftsTest : public testing::Test {
protected:
    TheftsTest() {
        pages.layout().job(job).serial = serial;
        pages.layout().job(job).terms.only_worker = -1;
        victim.hold(claim);
        victim.start(100);
        step_hook = [](Step step, int /*worker*/) {
            if (at_step) {
                at_step(step);
            }
        };
    }
    ~TheftsTest() override {
        step_hook = nullptr;
        at_step = nullptr;
    }

    [[nodiscard]] std::optional<std::uint64_t> held_end() const {
        return Victim(pages.layout(), 0).held_end(claim);
    }
    [[nodiscard]] static bool steal(Actor& by) { return by.steal(by.thefts.look_at(0)); }
    [[nodiscard]] TheftWords& words() const { return pages.layout().thefts(0); }
    /// When a step is reached for the first time.
    static void once_at(Step wanted, std::function<void()> act) {
        at_step = [wanted, act = std::move(act), met = false](Step step) mutable {
            if (step == wanted && !std::exchange(met, true)) {
                act();
            }
        };
    }

    static constexpr std::size_t job = 3;
    static constexpr std::uint64_t serial = 9;
    static constexpr Claim claim{job, serial, 100, 120, Actor::shift, 0, 0};

    engine_test::PoolPages pages{3};
    Actor victim{pages.layout(), 0};
    Actor thief{pages.layout(), 1};
    Actor other{pages.layout(), 2};
};

TEST_F(TheftsTest, TakeTheSecondHalfOfWhatHasNotStarted) {
    ASSERT_TRUE(steal(thief));
    EXPECT_EQ(thief.seat.slot.begin, 110U);
    EXPECT_EQ(thief.seat.slot.end, 120U);
    EXPECT_EQ(held_end(), 110U);
    EXPECT_EQ(victim.thefts.end_at(claim, 101), 110U);
}

TEST_F(TheftsTest, TakeTheLastItemBehindOneThatRuns) {
    victim.start(118);
    ASSERT_TRUE(steal(thief));
    EXPECT_EQ(held_end(), 119U);
    EXPECT_EQ(victim.thefts.end_at(claim, 119), 119U) << "it is not the victim's any more";
}

TEST_F(TheftsTest, LeaveTheItemThatRuns) {
    victim.start(119);
    EXPECT_FALSE(thief.thefts.look_at(0));
}

// What a dead worker left, and the next one in its place has not come yet.

class WaitingTest : public TheftsTest {
protected:
    /// As the fork server leaves it.
    Claim leave(std::uint64_t begin, std::uint64_t end) const {
        Claim left = claim;
        left.begin = begin;
        left.end = end;
        left.thefts = Victim(pages.layout(), 0).count();
        victim.seat.slot.write_claim(left, engine_test::PoolPages::secret);
        victim.seat.slot.phase = phase::waiting;
        return left;
    }
    /// The next worker takes it over. Returns where it ends.
    std::uint64_t inherit(const Claim& left) {
        victim.seat.slot.phase = phase::taken;
        return victim.thefts.end_at(left, left.begin);
    }
    [[nodiscard]] std::optional<std::uint64_t> end_of(const Claim& left) const {
        return Victim(pages.layout(), 0).held_end(left);
    }
};

TEST_F(WaitingTest, ItemsAreStolenUpToTheFirst) {
    const Claim left = leave(100, 103);
    for (const std::uint64_t begin : {101U, 100U}) {
        ASSERT_TRUE(steal(thief));
        EXPECT_EQ(thief.seat.slot.begin, begin);
    }
    EXPECT_FALSE(thief.thefts.look_at(0)) << "nothing is left";
    EXPECT_EQ(end_of(left), 100U);
    EXPECT_EQ(inherit(left), 100U);
    victim.thefts.let_go(left);
    EXPECT_EQ(victim.seat.slot.alarm, 0U) << "all words were sound";
}

TEST_F(WaitingTest, ItemIsStolenThoughItIsTheOnlyOne) {
    ASSERT_TRUE(steal(thief));
    const Claim left = leave(104, 105);
    ASSERT_TRUE(steal(other));
    EXPECT_EQ(other.seat.slot.begin, 104U);
    EXPECT_EQ(end_of(left), 104U);
}

TEST_F(WaitingTest, FirstItemIsNotStolenOnceItsWorkerHasCome) {
    for (const Step moment : {Step::theft_proposed, Step::theft_checked}) {
        const Claim left = leave(100, 101);
        once_at(moment, [&] { EXPECT_EQ(inherit(left), 101U); });
        EXPECT_FALSE(steal(thief));
        EXPECT_EQ(end_of(left), 101U);
        EXPECT_FALSE(thief.thefts.look_at(0));
    }
}

/// The worker that came has not looked, or died before it could.
TEST_F(WaitingTest, FirstItemIsLeftToAWorkerThatHasSaidSo) {
    leave(100, 101);
    once_at(Step::theft_proposed, [this] { victim.seat.slot.phase = phase::taken; });
    EXPECT_FALSE(steal(thief));
}

TEST_F(WaitingTest, ItemsThatWereDecidedAreGoneWhenItsWorkerComes) {
    const Claim left = leave(100, 102);
    once_at(Step::theft_decided, [&] { EXPECT_EQ(inherit(left), 101U); });
    ASSERT_TRUE(steal(thief));
    EXPECT_EQ(end_of(left), 101U);
}

TEST_F(WaitingTest, ItemThatRunsIsNotStolenThoughATaskWroteThatItWaits) {
    victim.start(119);
    victim.seat.slot.phase = phase::waiting;
    EXPECT_FALSE(steal(thief));
}

TEST_F(TheftsTest, SayNothingOfAClaimOfOneItem) {
    ASSERT_TRUE(steal(thief));
    Claim single = claim;
    single.begin = 110;
    single.end = 111;
    single.thefts = TheftWord::most;
    victim.hold(single);
    EXPECT_FALSE(other.thefts.look_at(0));
    EXPECT_EQ(Victim(pages.layout(), 0).held_end(single), 111U);
}

TEST_F(TheftsTest, TakeMoreOfTheSameClaim) {
    ASSERT_TRUE(steal(thief));
    ASSERT_TRUE(steal(other));
    EXPECT_EQ(other.seat.slot.begin, 105U);
    EXPECT_EQ(other.seat.slot.end, 110U);
    EXPECT_EQ(held_end(), 105U);
    EXPECT_EQ(victim.thefts.end_at(claim, 101), 105U);
}

TEST_F(TheftsTest, TakeOfWhatWasStolen) {
    ASSERT_TRUE(steal(thief));
    thief.start(110);
    ASSERT_TRUE(other.steal(other.thefts.look_at(1)));
    EXPECT_EQ(other.seat.slot.begin, 115U);
    EXPECT_EQ(other.seat.slot.end, 120U);
}

TEST_F(TheftsTest, SayNothingOfTheNextClaim) {
    ASSERT_TRUE(steal(thief));
    Claim next = claim;
    next.begin = 105;
    next.end = 125;
    next.thefts = victim.thefts.count();
    victim.hold(next);
    EXPECT_EQ(Victim(pages.layout(), 0).held_end(next), 125U);
    EXPECT_EQ(victim.thefts.end_at(next, 105), 125U);
}

TEST_F(TheftsTest, TakeNothingOfAJobOfOneWorkerOrOfGuardedItems) {
    pages.layout().job(job).terms.only_worker = 0;
    EXPECT_FALSE(thief.thefts.look_at(0));
    pages.layout().job(job).terms.only_worker = -1;
    pages.layout().job(job).guarded = true;
    EXPECT_FALSE(thief.thefts.look_at(0));
}

TEST_F(TheftsTest, TakeNothingFromTheIdle) {
    victim.seat.slot.phase = phase::idle;
    EXPECT_FALSE(thief.thefts.look_at(0));
}

TEST_F(TheftsTest, AreRefusedByAVictimThatCameToTheItems) {
    once_at(Step::theft_proposed, [this] {
        victim.start(110);
        EXPECT_EQ(victim.thefts.end_at(claim, 110), 120U);
    });
    EXPECT_FALSE(steal(thief));
    EXPECT_EQ(held_end(), 120U);
    EXPECT_TRUE(steal(other)) << "of what is left";
}

TEST_F(TheftsTest, AreLeftAloneByAVictimThatIsBeforeTheItems) {
    once_at(Step::theft_proposed, [this] {
        victim.start(109);
        EXPECT_EQ(victim.thefts.end_at(claim, 109), 120U);
    });
    EXPECT_TRUE(steal(thief));
    EXPECT_EQ(held_end(), 110U);
}

TEST_F(TheftsTest, AreGivenUpIfTheVictimHasBegunTheItems) {
    for (const std::uint64_t position : {110U, 115U}) {
        victim.start(100);
        once_at(Step::theft_proposed, [&] { victim.start(position); });
        EXPECT_FALSE(steal(thief)) << position;
        EXPECT_EQ(held_end(), 120U);
    }
}

/// The thief has looked already: the refusal alone tells it.
TEST_F(TheftsTest, AreRefusedAfterTheThiefHasLooked) {
    once_at(Step::theft_checked, [this] {
        victim.start(110);
        EXPECT_EQ(victim.thefts.end_at(claim, 110), 120U);
    });
    EXPECT_FALSE(steal(thief));
    EXPECT_EQ(held_end(), 120U);
}

TEST_F(TheftsTest, AreRefusedOnlyAtTheItemsThemselves) {
    ASSERT_TRUE(steal(thief));  // [110, 120)
    once_at(Step::theft_checked, [this] {
        victim.start(104);
        EXPECT_EQ(victim.thefts.end_at(claim, 104), 110U);
    });
    EXPECT_TRUE(steal(other));  // [105, 110)
    EXPECT_EQ(victim.thefts.end_at(claim, 105), 105U);
    victim.thefts.let_go(claim);
    EXPECT_EQ(victim.seat.slot.alarm, 0U) << "all words were sound";
}

TEST_F(TheftsTest, AreOneAtATime) {
    once_at(Step::theft_proposed, [this] { EXPECT_FALSE(other.thefts.look_at(0)); });
    ASSERT_TRUE(steal(thief));
    once_at(Step::theft_decided, [this] { EXPECT_FALSE(thief.thefts.look_at(0)); });
    ASSERT_TRUE(steal(other));
}

TEST_F(TheftsTest, TakeNothingOfAClaimThatIsBeingWritten) {
    victim.seat.slot.end = 130;  // its check is still of the one before
    EXPECT_FALSE(thief.thefts.look_at(0));
}

TEST_F(TheftsTest, AreGivenUpIfTheVictimHasAnotherClaim) {
    once_at(Step::theft_proposed, [this] {
        Claim next = claim;
        next.end = 140;
        victim.hold(next);
    });
    EXPECT_FALSE(steal(thief));
}

TEST_F(TheftsTest, AreGivenUpIfTheVictimIsDead) {
    once_at(Step::theft_proposed, [this] { victim.seat.slot.phase = phase::left; });
    EXPECT_FALSE(steal(thief));
}

TEST_F(TheftsTest, AreFinishedForADeadThiefThatHadDecided) {
    const auto loot = thief.thefts.look_at(0);
    std::uint64_t undecided = 0;
    once_at(Step::theft_decided, [&] { undecided = words().word; });
    ASSERT_TRUE(thief.steal(loot));
    words().word = undecided;  // as if it had been killed there
    words().split = 0;
    thief.seat.slot.phase = phase::intent;
    EXPECT_EQ(victim.thefts.end_at(claim, 101), 110U);
    EXPECT_EQ(held_end(), 110U);
    EXPECT_EQ(Victim(pages.layout(), 0).settle(1, loot->part), true);
    thief.seat.slot.phase = phase::idle;
    EXPECT_EQ(held_end(), 110U) << "by the split";
}

TEST_F(TheftsTest, AreRefusedForADeadThiefThatHadProposed) {
    const auto loot = thief.thefts.look_at(0);
    bool settled = true;
    once_at(Step::theft_proposed,
            [&] { settled = *Victim(pages.layout(), 0).settle(1, loot->part); });
    EXPECT_FALSE(thief.steal(loot));
    EXPECT_FALSE(settled);
    EXPECT_EQ(held_end(), 120U);
}

TEST_F(TheftsTest, AreRefusedForADeadVictim) {
    std::optional<std::uint64_t> end;
    once_at(Step::theft_checked, [&] { end = held_end(); });
    EXPECT_FALSE(steal(thief));
    EXPECT_EQ(end, 120U);
}

TEST_F(TheftsTest, AreNotFollowedByOthersWhileTheThiefIsInDoubt) {
    ASSERT_TRUE(steal(thief));
    thief.seat.slot.phase = phase::intent;  // it has not said yet that it has them
    EXPECT_FALSE(other.thefts.look_at(0));
    thief.seat.slot.phase = phase::taken;
    EXPECT_TRUE(other.thefts.look_at(0));
}

TEST_F(TheftsTest, EndWhenTheVictimShutsItsWord) {
    once_at(Step::theft_checked, [this] { EXPECT_EQ(victim.thefts.shut(claim, 101), 120U); });
    EXPECT_FALSE(steal(thief));
    EXPECT_FALSE(other.thefts.look_at(0));
    victim.thefts.let_go(claim);
    EXPECT_TRUE(other.thefts.look_at(0));
}

TEST_F(TheftsTest, ThatWereDecidedStandWhenTheVictimShutsItsWord) {
    once_at(Step::theft_decided, [this] { EXPECT_EQ(victim.thefts.shut(claim, 101), 110U); });
    EXPECT_TRUE(steal(thief));
    EXPECT_EQ(held_end(), 110U);
    EXPECT_FALSE(other.thefts.look_at(0)) << "recording keeps it shut";
}

TEST_F(TheftsTest, AreNotMadeWhileTheClientFindsOutWhoHoldsWhat) {
    pages.layout().pool().no_thefts = 1;
    EXPECT_FALSE(steal(thief));
    pages.layout().pool().no_thefts = 0;
    EXPECT_TRUE(steal(thief));
}

TEST_F(TheftsTest, AreNotMadeWhereTheWordsMakeNoSense) {
    const std::uint64_t sound = words().word;
    for (const std::uint64_t ink : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        words().word = ink;
        EXPECT_FALSE(steal(thief)) << ink;
        EXPECT_EQ(held_end(), std::nullopt) << ink;
    }
    EXPECT_EQ(victim.thefts.end_at(claim, 104), 104U) << "what has not started counts as stolen";
    EXPECT_EQ(victim.seat.slot.alarm, 0U) << "not while it seems to hold them";
    victim.thefts.let_go(claim);
    EXPECT_EQ(victim.seat.slot.alarm, 1U);
    words().word = sound;
    ASSERT_TRUE(steal(thief));
    words().split = 110;
    EXPECT_EQ(held_end(), std::nullopt);
    EXPECT_FALSE(steal(other));
}

TEST_F(TheftsTest, ThatWereJustProposedAreLeftAlone) {
    once_at(Step::theft_proposed, [this] {
        const std::uint64_t proposed = words().word;
        EXPECT_FALSE(other.thefts.look_at(0));
        EXPECT_FALSE(other.thefts.look_at(0));
        EXPECT_EQ(words().word, proposed);
    });
    EXPECT_TRUE(steal(thief));
}

TEST_F(TheftsTest, ThatAThiefNeverEndsAreEndedByOthers) {
    // As if the thief had been stopped for good between its proposal and its decision.
    words().word =
        TheftWord{0, TheftWord::State::proposed, 1, false}.bits(engine_test::PoolPages::secret, 0);
    EXPECT_TRUE(support::eventually([&] { return steal(other); }));
}

/// Where the kernel has no barrier for it, a worker looks at each item, and steals nothing.
TEST_F(TheftsTest, AreLookedForAtEachItemByAWorkerThatTakesNoPartInBarriers) {
    const Seat seat(pages.layout(), 0);
    Bells bells(seat);
    Thefts alone(seat, bells);
    EXPECT_FALSE(alone.may_steal());
    EXPECT_EQ(alone.end_at(claim, 101), 120U);
    EXPECT_EQ(alone.seen(), Thefts::look_each_time);
    ASSERT_TRUE(steal(thief));
    EXPECT_EQ(alone.end_at(claim, 102), 110U);
    EXPECT_EQ(alone.seen(), Thefts::look_each_time);
    EXPECT_EQ(victim.thefts.end_at(claim, 102), 110U);
    EXPECT_EQ(victim.thefts.seen(), words().word) << "nothing new until it changes";
}

TEST_F(TheftsTest, EndTheClaimWhereItsSplitMakesNoSense) {
    const auto split_at = [this](std::uint64_t position) {
        words().split = SplitWord::make(position, 1, engine_test::PoolPages::secret, 0);
    };
    ASSERT_TRUE(steal(thief));
    for (const std::uint64_t position : {claim.begin - 1, claim.end, max_items}) {
        split_at(position);
        EXPECT_EQ(held_end(), std::nullopt) << position;
    }
    for (const std::uint64_t position : {claim.begin, claim.end - 1}) {
        split_at(position);
        EXPECT_EQ(held_end(), position);
        EXPECT_EQ(victim.thefts.end_at(claim, claim.begin), position);
    }
    victim.thefts.let_go(claim);
    EXPECT_EQ(victim.seat.slot.alarm, 0U);
    const std::uint64_t bell = pages.layout().words(job).bell;
    words().split = 110;  // of no theft
    EXPECT_EQ(victim.thefts.end_at(claim, 103), 103U);
    victim.thefts.let_go(claim);
    EXPECT_EQ(victim.seat.slot.alarm, 1U);
    EXPECT_GT(pages.layout().words(job).bell, bell) << "the client is called";
    split_at(claim.end + 1);
    EXPECT_EQ(victim.thefts.end_at(claim, 103), 103U);
    split_at(101);  // what is behind it has started
    EXPECT_EQ(victim.thefts.end_at(claim, 103), 103U);
    victim.thefts.let_go(claim);
    EXPECT_EQ(victim.seat.slot.alarm, 2U);
}

TEST_F(TheftsTest, AreRecordedOnceOnly) {
    ASSERT_TRUE(steal(thief));
    const std::uint64_t recorded = words().word;
    Victim(pages.layout(), 0).record(1, 110);
    EXPECT_EQ(words().word, recorded);
    words().word =
        TheftWord{2, TheftWord::State::decided, 2, false}.bits(engine_test::PoolPages::secret, 0);
    const std::uint64_t decided = words().word;
    Victim(pages.layout(), 0).record(1, 110);
    EXPECT_EQ(words().word, decided) << "that is another one";
}

TEST_F(TheftsTest, OfOtherNumbersDecideNothing) {
    const auto first = thief.thefts.look_at(0);
    ASSERT_TRUE(thief.steal(first));
    ASSERT_TRUE(steal(other));
    const Victim of(pages.layout(), 0);
    EXPECT_EQ(of.settle(1, first->part), false) << "it is in no doubt any more";
    EXPECT_EQ(of.settle(2, other.seat.slot.claim()), true);
}

}  // namespace
}  // namespace procpool::engine
