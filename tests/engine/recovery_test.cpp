// Each row of the tables of docs/protocol.md, parts 3 and 4: a slot as a worker leaves it that dies
// right there, and what recovery makes of it.

#include "engine/server/recovery.hpp"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <sys/mman.h>

#include <gtest/gtest.h>

#include "engine/server/remains.hpp"
#include "engine/shared/ring_writer.hpp"

namespace procpool::engine {
namespace {

constexpr int me = 0;
constexpr int other = 1;
constexpr std::size_t job_index = 5;
constexpr std::uint64_t serial = 77;
constexpr std::uint64_t secret = 0xfeed'beef;

class RecoveryTest : public testing::Test {
protected:
    RecoveryTest() {
        layout = Layout::plan(3, std::size_t{16} << 20U);
        memory_ = ::mmap(nullptr, layout.size(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        auto* const base = static_cast<std::byte*>(memory_);
        layout.place(base, base, layout.size());
        layout.pool().secret = secret;
        layout.pool().workers = 3;
        layout.begin_thefts();
        JobPage& page = layout.job(job_index);
        page.serial = serial;
        page.limit = 1000;
        page.terms.result_stride = 8;
        set_word(100, taker::nobody);
    }
    ~RecoveryTest() override { ::munmap(memory_, layout.size()); }

    void set_word(std::uint64_t next, std::uint64_t taker) {
        layout.words(job_index).claim = ClaimWord::make(next, taker, secret, serial).bits;
    }
    [[nodiscard]] Slot& slot() const { return layout.slot(me); }
    [[nodiscard]] Recovery::Finding inspect() const { return Recovery(layout).inspect(me); }

    /// Steps 4 and 5 of part 3: the worker wants [100, 110).
    void intend() {
        slot().write_claim(claim, secret);
        slot().phase = phase::intent;
    }
    void take() {
        intend();
        set_word(110, me);
        slot().phase = phase::taken;
    }

    // As WorkerLoop does it, by the tables of part 4.
    void open_frame(std::uint64_t item) { RingWriter(layout, me).open(item); }
    void run(std::uint64_t item) { slot().current = running(item); }
    void rest(std::uint64_t item) { slot().current = resting_at(item); }
    void move_tail(std::uint64_t bytes = 64) { slot().tail += bytes; }

    static void expect_nothing(const Recovery::Finding& finding) {
        EXPECT_EQ(finding.state, Recovery::State::nothing);
    }
    static void expect_corrupt(const Recovery::Finding& finding) {
        EXPECT_EQ(finding.state, Recovery::State::corrupt);
    }
    /// Held is [item, 110), nothing ran, nothing is unpublished.
    static void expect_held(const Recovery::Finding& finding, std::uint64_t item) {
        EXPECT_EQ(finding.state, Recovery::State::held);
        EXPECT_EQ(finding.item, item);
        EXPECT_FALSE(finding.was_running);
        EXPECT_FALSE(finding.frame_open);
        EXPECT_EQ(finding.claim.end, 110U);
    }
    static void expect_running(const Recovery::Finding& finding, std::uint64_t item,
                               std::optional<std::uint64_t> frame_from = std::nullopt) {
        EXPECT_EQ(finding.state, Recovery::State::held);
        EXPECT_EQ(finding.item, item);
        EXPECT_TRUE(finding.was_running);
        EXPECT_EQ(finding.frame_open, frame_from.has_value());
        EXPECT_EQ(finding.frame_first, frame_from.value_or(finding.frame_first));
    }

    Layout layout;
    Claim claim{.job = job_index, .serial = serial, .begin = 100, .end = 110, .shift = 0};

private:
    void* memory_ = nullptr;
};

// Part 3: claiming --------------------------------------------------------------------------------

using Claiming = RecoveryTest;

TEST_F(Claiming, Idle) { expect_nothing(inspect()); }

TEST_F(Claiming, ClaimWritten) {
    slot().write_claim(claim, secret);
    expect_nothing(inspect());
}

TEST_F(Claiming, ClaimHalfWritten) {
    slot().serial = serial;
    slot().end = 110;
    expect_nothing(inspect());
}

TEST_F(Claiming, IntentBeforeTheSwap) {
    intend();
    expect_nothing(inspect());
}

TEST_F(Claiming, IntentAfterTheSwap) {
    intend();
    set_word(110, me);
    expect_held(inspect(), 100);
}

TEST_F(Claiming, TheSwapFailed) {
    intend();
    set_word(104, other);
    expect_nothing(inspect());
    set_word(110, other);  // another one took just as much
    expect_nothing(inspect());
}

TEST_F(Claiming, SomebodyClaimedAfterTheSwap) {
    intend();
    set_word(120, other);
    layout.slot(other).evidence[me] = evidence_of(serial, 110);
    expect_held(inspect(), 100);
}

TEST_F(Claiming, EvidenceOfAnotherClaimIsNone) {
    intend();
    set_word(120, other);
    layout.slot(other).evidence[me] = evidence_of(serial, 90);
    expect_nothing(inspect());
    layout.slot(other).evidence[me] = evidence_of(serial - 1, 110);
    expect_nothing(inspect());
    layout.slot(other).evidence[me] = 0;
    layout.slot(other).evidence[2] = evidence_of(serial, 110);  // about somebody else
    expect_nothing(inspect());
    slot().evidence[me] = evidence_of(serial, 110);  // its own word is none
    expect_nothing(inspect());
}

TEST_F(Claiming, TheClientClosedAfterTheSwap) {
    intend();
    layout.job(job_index).close_word = ClaimWord::make(110, me, secret, serial).bits;
    set_word(110, taker::closed);
    expect_held(inspect(), 100);
}

TEST_F(Claiming, TheClientClosedBeforeTheSwap) {
    intend();
    layout.job(job_index).close_word = ClaimWord::make(100, other, secret, serial).bits;
    set_word(100, taker::closed);
    expect_nothing(inspect());
}

TEST_F(Claiming, AWorkerClosedAfterTheSwap) {
    intend();
    layout.slot(2).evidence[me] = evidence_of(serial, 110);
    set_word(110, taker::closed);
    expect_held(inspect(), 100);
}

TEST_F(Claiming, TheJobIsOver) {
    intend();
    layout.job(job_index).serial = 0;
    expect_nothing(inspect());
    layout.job(job_index).serial = serial + 1;
    expect_nothing(inspect());
}

TEST_F(Claiming, Taken) {
    take();
    expect_held(inspect(), 100);
}

TEST_F(Claiming, TakenOfAJobThatIsOver) {
    // All of it was delivered; it died before it could say so.
    take();
    layout.job(job_index).serial = serial + 1;
    expect_nothing(inspect());
}

// Part 4: running and publishing ------------------------------------------------------------------

class Running : public RecoveryTest {
protected:
    Running() { take(); }
};

TEST_F(Running, FrameOpened) {
    open_frame(100);
    expect_held(inspect(), 100);
}

TEST_F(Running, TheFirstItemRuns) {
    open_frame(100);
    run(100);
    expect_running(inspect(), 100);
}

TEST_F(Running, ALaterItemRuns) {
    open_frame(100);
    run(103);
    expect_running(inspect(), 103, 100);
}

TEST_F(Running, AllRanAndNothingIsPublished) {
    open_frame(100);
    rest(110);
    const auto finding = inspect();
    EXPECT_EQ(finding.state, Recovery::State::held);
    EXPECT_EQ(finding.item, 110U);
    EXPECT_FALSE(finding.was_running);
    EXPECT_TRUE(finding.frame_open);
    EXPECT_EQ(finding.frame_first, 100U);
}

TEST_F(Running, Published) {
    open_frame(100);
    rest(104);
    move_tail();
    expect_held(inspect(), 104);
}

TEST_F(Running, PublishedWhileTheNextItemRuns) {
    // The frame was full, so it went out between an item's end and its result.
    open_frame(100);
    run(104);
    move_tail();
    expect_running(inspect(), 104);
}

TEST_F(Running, TheNextFrameHalfOpened) {
    open_frame(100);
    rest(104);
    move_tail();
    slot().frame_first = 104;
    expect_held(inspect(), 104);
}

TEST_F(Running, TheNextFrameOpened) {
    open_frame(100);
    rest(104);
    move_tail();
    open_frame(104);
    expect_held(inspect(), 104);
}

TEST_F(Running, AnOldFrameAtTheSamePlaceIsNotOpen) {
    // `frame_pos` of the claim before, which published nothing after it.
    slot().frame_pos = slot().tail.load();
    expect_held(inspect(), 100);
}

// One item in a frame of its own, as a failure.

TEST_F(Running, AloneAndOpened) {
    open_frame(100);
    run(103);
    move_tail();  // what came before it
    open_frame(103);
    expect_running(inspect(), 103);
}

TEST_F(Running, AloneAndMarked) {
    open_frame(103);
    run(103);
    slot().frame_first = 104;
    expect_running(inspect(), 103);
}

TEST_F(Running, AloneAndPublished) {
    open_frame(103);
    run(103);
    slot().frame_first = 104;
    move_tail();
    expect_held(inspect(), 104);
}

TEST_F(Running, AloneAndAtRest) {
    open_frame(103);
    run(103);
    slot().frame_first = 104;
    move_tail();
    rest(104);
    expect_held(inspect(), 104);
}

TEST_F(Running, AloneAndTheLastOfItsClaim) {
    open_frame(109);
    run(109);
    slot().frame_first = 110;
    expect_running(inspect(), 109);
    move_tail();
    expect_held(inspect(), 110);
}

TEST_F(Running, PartsOfALargeResult) {
    open_frame(103);
    run(103);
    move_tail();  // a part; the item goes on
    expect_running(inspect(), 103);
}

TEST_F(Running, Retired) {
    open_frame(100);
    rest(110);
    move_tail();
    slot().phase = phase::retired;
    const auto finding = inspect();
    expect_held(finding, 110);
    EXPECT_TRUE(finding.retired);
}

TEST_F(Running, ItemsOfAReconciledJobAreShifted) {
    claim.shift = 1000;
    take();
    open_frame(1100);
    run(1103);
    expect_running(inspect(), 1103, 1100);
}

// Part 7: what makes no sense ---------------------------------------------------------------------

// What was stolen from it ------------------------------------------------------------------------

class Stolen : public RecoveryTest {
protected:
    Stolen() {
        take();
        TheftWords& words = layout.thefts(me);
        words.split = SplitWord::make(105, 1, secret, me);
        words.word = TheftWord{1, TheftWord::State::recorded, other, false}.bits(secret, me);
    }
};

TEST_F(Stolen, ItemsAreNotHeld) {
    open_frame(100);
    run(102);
    const Recovery::Finding finding = inspect();
    EXPECT_EQ(finding.state, Recovery::State::held);
    EXPECT_EQ(finding.claim.end, 105U);
    EXPECT_TRUE(finding.was_running);
    EXPECT_EQ(slot().phase, phase::left) << "nobody steals from the dead";
    EXPECT_EQ(inspect().claim.end, 105U) << "a second look finds the same";
}

TEST_F(Stolen, ItemThatWasAboutToStartIsNotCharged) {
    open_frame(100);
    run(105);
    const Recovery::Finding finding = inspect();
    EXPECT_EQ(finding.state, Recovery::State::held);
    EXPECT_EQ(finding.item, 105U);
    EXPECT_FALSE(finding.was_running);
    EXPECT_TRUE(finding.frame_open) << "what it finished is published";
    EXPECT_TRUE(make_sense(layout, me, finding));
}

TEST_F(Stolen, ItemThatWasAboutToStartMayBeDeliveredByNow) {
    open_frame(105);
    run(105);
    layout.job(job_index).serial = 0;
    const Recovery::Finding finding = inspect();
    expect_nothing(finding);
    EXPECT_TRUE(make_sense(layout, me, finding));
}

TEST_F(Stolen, ProposalsOfTheDeadAreEndedThoughTheJobIsOver) {
    TheftWords& words = layout.thefts(other);
    words.word = TheftWord{3, TheftWord::State::proposed, me, false}.bits(secret, other);
    Claim part = claim;
    part.source = source_of(4, other);
    slot().write_claim(part, secret);
    slot().phase = phase::intent;
    layout.job(job_index).serial = 0;
    expect_nothing(inspect());
    const auto word = TheftWord::of(words.word, secret, other);
    ASSERT_TRUE(word);
    EXPECT_EQ(word->state, TheftWord::State::recorded);
    EXPECT_EQ(word->count, 3U);
}

TEST_F(Stolen, ItemsBeyondWhatWasStolenMakeNoSense) {
    open_frame(100);
    run(106);
    expect_corrupt(inspect());
}

TEST_F(Stolen, WholeClaimThatWaitedForItsWorkerLeavesNothing) {
    layout.thefts(me).split = SplitWord::make(100, 1, secret, me);
    for (const std::uint64_t phase : {phase::waiting, phase::taken, phase::left}) {
        slot().phase = phase;
        const Recovery::Finding finding = inspect();
        EXPECT_EQ(finding.state, Recovery::State::held);
        EXPECT_EQ(finding.item, 100U);
        EXPECT_EQ(finding.claim.end, 100U);
        EXPECT_FALSE(finding.was_running);
        EXPECT_EQ(slot().phase, phase::left) << "nobody steals from the dead";
        EXPECT_TRUE(make_sense(layout, me, finding));
    }
}

TEST_F(Stolen, ItemsOfAnEarlierClaimDoNotCount) {
    Claim next = claim;
    next.thefts = 1;
    slot().write_claim(next, secret);
    open_frame(100);
    run(106);
    EXPECT_EQ(inspect().claim.end, 110U);
}

using Corrupt = Running;

TEST_F(Corrupt, Phase) {
    for (const std::uint64_t word : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{12345}}) {
        slot().phase = word;
        expect_corrupt(inspect());
    }
}

TEST_F(Corrupt, Claim) {
    for (Word Slot::* const field :
         {&Slot::job, &Slot::serial, &Slot::begin, &Slot::end, &Slot::shift, &Slot::claim_check}) {
        const std::uint64_t right = slot().*field;
        for (const std::uint64_t wrong :
             {right + 1, right ^ std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
            slot().*field = wrong;
            expect_corrupt(inspect());
        }
        slot().*field = right;
    }
    EXPECT_EQ(inspect().state, Recovery::State::held);
}

TEST_F(Corrupt, ClaimOutOfBoundsWithASoundCheck) {
    const std::vector<Claim> wrong{
        {.job = layout.jobs(), .serial = serial, .begin = 100, .end = 110},
        {.job = job_index, .serial = serial, .begin = 110, .end = 110},
        {.job = job_index, .serial = serial, .begin = 111, .end = 110},
        {.job = job_index, .serial = serial, .begin = 100, .end = max_items + 1}};
    for (const Claim& each : wrong) {
        slot().write_claim(each, secret);
        expect_corrupt(inspect());
    }
}

TEST_F(Corrupt, ItemOutsideTheClaim) {
    for (const std::uint64_t current :
         {running(99), running(111), resting_at(111), ~std::uint64_t{0}}) {
        slot().current = current;
        expect_corrupt(inspect());
    }
}

TEST_F(Corrupt, FrameOutsideTheClaim) {
    for (const std::uint64_t first : {std::uint64_t{99}, std::uint64_t{111}, ~std::uint64_t{0}}) {
        slot().frame_first = first;
        expect_corrupt(inspect());
    }
}

TEST_F(Corrupt, Tail) {
    for (const std::uint64_t tail :
         {layout.ring_size() + frame_align, std::uint64_t{1}, ~std::uint64_t{0}}) {
        slot().tail = tail;
        expect_corrupt(inspect());
    }
}

TEST_F(Corrupt, TailOfAnIdleWorker) {
    slot().phase = phase::idle;
    slot().tail = ~std::uint64_t{0};
    expect_corrupt(inspect());
}

TEST_F(Corrupt, ClaimWordInDoubt) {
    slot().phase = phase::intent;
    for (const std::uint64_t word : {std::uint64_t{0}, ~std::uint64_t{0}}) {
        layout.words(job_index).claim = word;
        expect_corrupt(inspect());
    }
}

// What recovery publishes -------------------------------------------------------------------------

class Publishing : public Running {
protected:
    struct Frame {
        FrameHeader header;
        std::vector<std::byte> payload;
    };
    /// The frames between head and tail; fails where the client would find them corrupt.
    [[nodiscard]] std::vector<Frame> frames() const {
        std::vector<Frame> all;
        std::uint64_t at = layout.line(me).head;
        while (at != slot().tail) {
            Frame frame;
            const std::byte* place = layout.ring(me) + at % layout.ring_size();
            std::memcpy(&frame.header, place, sizeof frame.header);
            if (frame.header.check != frame.header.expected_check(at, secret)) {
                ADD_FAILURE() << "a corrupt header at " << at;
                break;
            }
            place += sizeof frame.header;
            frame.payload.assign(place, place + frame.header.bytes);
            all.push_back(frame);
            at += frame_size(frame.header.bytes);
        }
        return all;
    }
    std::byte* open_payload() const {
        return layout.ring(me) + slot().tail % layout.ring_size() + sizeof(FrameHeader);
    }
};

TEST_F(Publishing, TheFinishedItemsOfTheOpenFrame) {
    open_frame(100);
    for (std::uint64_t i = 0; i < 4; ++i) {
        std::memcpy(open_payload() + 8 * i, &i, 8);
    }
    run(103);
    ASSERT_TRUE(Recovery(layout).publish_open_frame(me, inspect()));
    const auto all = frames();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].header.kind, FrameKind::results);
    EXPECT_EQ(all[0].header.job, job_index);
    EXPECT_EQ(all[0].header.serial, serial);
    EXPECT_EQ(all[0].header.first, 100U);
    EXPECT_EQ(all[0].header.count, 3U) << "not the one that ran";
    ASSERT_EQ(all[0].payload.size(), 24U);
    EXPECT_EQ(all[0].payload[16], std::byte{2});
    // Should it be looked at again, nothing is published twice.
    expect_running(inspect(), 103);
}

TEST_F(Publishing, AFrameThatIsSealedAlready) {
    open_frame(100);
    rest(104);
    RingWriter(layout, me)
        .seal({.kind = FrameKind::results,
               .job = job_index,
               .serial = serial,
               .first = 100,
               .count = 4,
               .bytes = 32});
    ASSERT_TRUE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_EQ(frames().at(0).header.count, 4U);
}

TEST_F(Publishing, NoFrameThatWasWrittenOver) {
    open_frame(100);
    rest(104);
    std::memset(open_payload() - sizeof(FrameHeader), 0xff, 64);
    EXPECT_FALSE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_TRUE(frames().empty());
}

TEST_F(Publishing, InPlaceResultsHaveNoPayload) {
    layout.job(job_index).terms.in_place = open_payload();
    open_frame(100);
    rest(110);
    ASSERT_TRUE(Recovery(layout).publish_open_frame(me, inspect()));
    const auto all = frames();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].header.count, 10U);
    EXPECT_TRUE(all[0].payload.empty());
}

class PublishingSized : public Publishing {
protected:
    PublishingSized() { layout.job(job_index).terms.result_stride = 0; }

    void write_entry(std::uint32_t index, const std::string& text,
                     std::optional<std::uint32_t> claimed = std::nullopt) {
        std::byte* const place = open_payload() + unsealed(slot().frame_used);
        const Entry entry{claimed.value_or(static_cast<std::uint32_t>(text.size())), index};
        std::memcpy(place, &entry, sizeof entry);
        std::memcpy(place + sizeof entry, text.data(), text.size());
        slot().frame_used =
            procpool::detail::seal(unsealed(slot().frame_used) + entry_size(text.size()));
    }
};

TEST_F(PublishingSized, EntriesOfFinishedItems) {
    open_frame(100);
    write_entry(0, "zero");
    write_entry(2, "two, of which there is more");
    write_entry(3, "the one that ran: written, but not said to be finished");
    run(103);
    ASSERT_TRUE(Recovery(layout).publish_open_frame(me, inspect()));
    const auto all = frames();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].header.kind, FrameKind::sized);
    EXPECT_EQ(all[0].header.count, 3U);
    EXPECT_EQ(all[0].payload.size(), entry_size(4) + entry_size(27));
}

TEST_F(PublishingSized, AnEmptyEntryAtTheEnd) {
    open_frame(100);
    write_entry(0, "zero");
    write_entry(1, "");
    rest(102);
    ASSERT_TRUE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_EQ(frames().at(0).payload.size(), entry_size(4) + entry_size(0));
}

TEST_F(PublishingSized, NoEntriesAtAll) {
    open_frame(100);
    rest(105);
    ASSERT_TRUE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_TRUE(frames().at(0).payload.empty());
    EXPECT_EQ(frames().at(0).header.count, 5U);
}

TEST_F(PublishingSized, EntriesBeyondWhatWasWritten) {
    open_frame(100);
    write_entry(0, "zero", 1'000'000);
    rest(101);
    EXPECT_FALSE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_TRUE(frames().empty());
}

TEST_F(PublishingSized, MoreWrittenThanTheRingHolds) {
    open_frame(100);
    write_entry(0, "zero", 0xffff'ffff);
    slot().frame_used = procpool::detail::seal(std::uint64_t{1} << 40U);
    rest(101);
    EXPECT_FALSE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_TRUE(frames().empty());
}

TEST_F(Publishing, MoreResultsThanTheRingHolds) {
    layout.job(job_index).terms.result_stride = layout.ring_size() / 2;
    open_frame(100);
    rest(110);
    EXPECT_FALSE(Recovery(layout).publish_open_frame(me, inspect()));
    EXPECT_TRUE(frames().empty());
}

TEST_F(Publishing, AFailure) {
    run(103);
    detail::Failure failure;
    failure.kind = detail::Failure::Kind::died;
    failure.index = 103;
    failure.signal = 11;
    failure.worker_pid = 4711;
    ASSERT_EQ(Recovery(layout).publish_failure(me, claim, failure), Recovery::Reported::yes);
    const auto all = frames();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].header.kind, FrameKind::failure);
    EXPECT_EQ(all[0].header.first, 103U);
    EXPECT_EQ(all[0].header.count, 1U);
    EXPECT_EQ(detail::decode_failure(all[0].payload), failure);
}

TEST_F(Publishing, AFailureWaitsForRoom) {
    slot().tail = layout.ring_size();
    EXPECT_EQ(Recovery(layout).publish_failure(me, claim, {}), Recovery::Reported::no_room);
    EXPECT_EQ(slot().tail, layout.ring_size());
    layout.line(me).head = layout.ring_size();
    EXPECT_EQ(Recovery(layout).publish_failure(me, claim, {}), Recovery::Reported::yes);
}

TEST_F(Publishing, AFailureGoesRoundTheEndOfTheRing) {
    layout.line(me).head = layout.ring_size() - frame_align;
    slot().tail = layout.ring_size() - frame_align;
    ASSERT_EQ(Recovery(layout).publish_failure(me, claim, {}), Recovery::Reported::yes);
    const auto all = frames();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].header.kind, FrameKind::padding);
    EXPECT_EQ(all[1].header.kind, FrameKind::failure);
}

}  // namespace
}  // namespace procpool::engine
