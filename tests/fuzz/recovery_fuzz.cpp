// fuzz: longest input 2048
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "engine/client/ring_reader.hpp"
#include "engine/server/recovery.hpp"
#include "engine/server/remains.hpp"
#include "engine/shared/ring_writer.hpp"
#include "fuzz.hpp"

// A slot and a ring as a worker left them that died, settled by the fork server: it stays within
// the ring, and what it publishes the client can read. And one as it is while an item runs, but for
// one word that the item wrote over: either that is noticed, or nothing is lost and nothing blamed
// on another item.

namespace procpool::fuzz {
namespace {

using namespace engine;

constexpr int worker = 0;
constexpr std::uint64_t secret = 0xfeed'beef;
constexpr std::uint64_t serial = 77;
constexpr std::size_t job_index = 3;

/// The memory of a pool of two, made once.
const Layout& pool() {
    static const Layout only = [] {
        Layout layout = Layout::plan(2, 0);
        static auto* const memory =
            static_cast<std::byte*>(::operator new(layout.size(), std::align_val_t{os::page_size}));
        std::fill_n(memory, layout.size(), std::byte{0});
        layout.place(memory, memory, layout.size());
        layout.pool().secret = secret;
        layout.pool().workers = 2;
        layout.begin_thefts();
        return layout;
    }();
    return only;
}

/// A word that is small, close to something that has a meaning, or anything.
std::uint64_t take_word(Bytes& bytes, std::uint64_t meaning = 0) {
    switch (take_byte(bytes) % 4) {
        case 0:
            return meaning;
        case 1:
            return meaning + take_byte(bytes);
        case 2:
            return take_byte(bytes);
        default: {
            std::uint64_t word = 0;
            const std::size_t size = std::min(bytes.size(), sizeof word);
            if (size != 0) {
                std::memcpy(&word, bytes.data(), size);
            }
            bytes = bytes.subspan(size);
            return word;
        }
    }
}

void fill_job(Bytes& bytes, JobPage& page) {
    page.serial = take_word(bytes, serial);
    page.terms.result_stride = take_byte(bytes) % 3 == 0 ? 0 : take_byte(bytes);
    page.terms.in_place = take_byte(bytes) % 4 == 0 ? pool().base() : nullptr;
    page.terms.timeout_ns = take_byte(bytes) % 2;
    page.close_word = take_word(bytes);
}

void fill_slot(Bytes& bytes, Slot& slot, std::uint64_t head) {
    constexpr std::array phases{phase::taken, phase::intent,  phase::retired,
                                phase::idle,  phase::waiting, std::uint64_t{0}};
    slot.phase = phases[take_byte(bytes) % phases.size()];
    slot.job = take_word(bytes, job_index);
    slot.serial = take_word(bytes, serial);
    slot.begin = take_word(bytes, 100);
    slot.end = take_word(bytes, 110);
    slot.shift = take_word(bytes);
    slot.source = take_byte(bytes) % 4 == 0 ? take_word(bytes, source_of(1, 1)) : 0;
    const Claim claim = slot.claim();
    slot.claim_check = take_byte(bytes) % 8 == 0 ? take_word(bytes) : claim.check(secret);
    slot.current = detail::seal(take_word(bytes, 2 * claim.first_item()));
    slot.frame_first = take_word(bytes, claim.first_item());
    slot.tail = take_word(bytes, head);
    slot.frame_pos = take_word(bytes, slot.tail);
    slot.frame_used = take_byte(bytes) % 8 == 0 ? take_word(bytes) : detail::seal(take_word(bytes));
    slot.verdict = take_word(bytes);
}

/// Nothing of an earlier input lies where these inputs have frames.
void clear_ring() {
    constexpr std::size_t front = std::size_t{32} << 10U;
    constexpr std::size_t back = std::size_t{16} << 10U;
    std::byte* const ring = pool().ring(worker);
    std::fill_n(ring, front, std::byte{0});
    std::fill_n(ring + pool().ring_size() - back, back, std::byte{0});
}

constexpr std::uint64_t thefts = 4;  // from the worker, before its claim

/// Leaves the words as at one moment of the theft of [split, 110) by worker 1. Returns where what
/// the worker holds ends then.
std::uint64_t steal(Bytes& bytes, const Claim& claim, std::uint64_t split) {
    using State = TheftWord::State;
    TheftWords& words = pool().thefts(worker);
    words.split = 0;
    const auto set = [&](const TheftWord& word) { words.word = word.bits(secret, worker); };
    set({thefts, State::recorded, taker::nobody, false});
    const unsigned moment = take_byte(bytes) % 4U;
    if (moment == 0 || split >= 110) {
        return 110;
    }
    Claim part = claim;
    part.begin = split;
    part.source = source_of(thefts + 1, worker);
    pool().slot(1).write_claim(part, secret);
    const bool shut = take_byte(bytes) % 2 != 0;
    switch (moment) {
        case 1:
            set({thefts, State::proposed, 1, shut});
            return 110;
        case 2:
            set({thefts + 1, State::decided, 1, shut});
            return split;
        default:
            words.split = SplitWord::make(split, thefts + 1, secret, worker);
            set({thefts + 1, State::recorded, 1, shut});
            return split;
    }
}

/// Writes over one word of those that say what a worker holds. False if what is written is what
/// docs/protocol.md, part 7, says is not noticed.
bool scribble(Bytes& bytes, Slot& slot) {
    const std::array words{&slot.phase,
                           &slot.job,
                           &slot.serial,
                           &slot.begin,
                           &slot.end,
                           &slot.shift,
                           &slot.current,
                           &slot.claim_check,
                           &slot.frame_first,
                           &slot.frame_pos,
                           &slot.tail,
                           &slot.source,
                           &slot.thefts,
                           &pool().thefts(worker).word,
                           &pool().thefts(worker).split};
    constexpr std::array phases{phase::idle, phase::intent, phase::retired};
    Word& word = *words[take_byte(bytes) % words.size()];
    word = &word == &slot.phase ? phases[take_byte(bytes) % phases.size()] : take_word(bytes, word);
    const bool is_former =
        (&word == &slot.current && is_current(word)) ||
        (&word == &pool().thefts(worker).word && TheftWord::of(word, secret, worker).has_value());
    return !is_former;
}

void ask_what_is_lost(Bytes bytes) {
    clear_ring();
    const Layout& layout = pool();
    Slot& slot = layout.slot(worker);
    JobPage& page = layout.job(job_index);
    page.serial = serial;
    page.terms = {};
    page.terms.result_stride = 8;
    layout.words(job_index).claim = ClaimWord::make(110, 1, secret, serial).bits;
    layout.slot(1).evidence[worker] = 0;
    const std::uint64_t head = frame_align * take_byte(bytes);
    layout.line(worker).head = head;
    slot.tail = head + frame_align * take_byte(bytes);

    const std::uint64_t first = 100 + take_byte(bytes) % 10;
    const std::uint64_t item = first + take_byte(bytes) % (110 - first);
    const Claim claim{job_index, serial, 100, 110, 0, 0, thefts};
    slot.write_claim(claim, secret);
    slot.phase = phase::taken;
    const std::uint64_t end = steal(bytes, claim, item + 1);
    RingWriter(layout, worker).open(first);
    slot.current = running(item);
    if (take_byte(bytes) % 4 != 0 && !scribble(bytes, slot)) {
        return;
    }

    const Recovery recovery(layout);
    const Recovery::Finding finding = recovery.inspect(worker);
    if (finding.state == Recovery::State::corrupt || !make_sense(layout, worker, finding)) {
        return;  // everything that was not delivered is run again
    }
    require(finding.state == Recovery::State::held);
    require(finding.claim.end == end && finding.claim.serial == serial);
    require(finding.was_running && finding.item == item);
    require(finding.frame_open == (first < item));
    require(!finding.frame_open || finding.frame_first == first);
}

}  // namespace

void decode(Bytes bytes) {
    ask_what_is_lost(bytes);
    const Layout& layout = pool();
    Slot& slot = layout.slot(worker);
    const std::uint64_t head =
        take_byte(bytes) % 2 == 0 ? 0 : layout.ring_size() - frame_align * (1 + take_byte(bytes));
    layout.line(worker).head = head;
    fill_job(bytes, layout.job(job_index));
    layout.words(job_index).claim =
        take_byte(bytes) % 2 == 0 ? take_word(bytes)
                                  : ClaimWord::make(110, take_byte(bytes) % 2, secret, serial).bits;
    layout.slot(1).evidence[worker] = take_word(bytes, evidence_of(serial, 110));
    fill_slot(bytes, slot, head);

    const std::uint64_t tail = slot.tail;
    const std::uint64_t place = tail % layout.ring_size();
    if (place % 8 == 0 && place + sizeof(FrameHeader) <= layout.ring_size()) {
        std::byte* const frame = layout.ring(worker) + place;
        const std::uint64_t guard = tail ^ secret;
        std::memcpy(frame, &guard, sizeof guard);
        const std::size_t room = layout.ring_size() - place - sizeof(FrameHeader);
        std::copy_n(bytes.begin(), std::min(bytes.size(), room), frame + sizeof(FrameHeader));
    }

    const Recovery recovery(layout);
    const Recovery::Finding finding = recovery.inspect(worker);
    if (finding.state != Recovery::State::held) {
        return;
    }
    require(finding.claim.job < layout.jobs());
    require(finding.item >= finding.claim.first_item() && finding.item <= finding.claim.end_item());
    if (finding.frame_open && recovery.publish_open_frame(worker, finding)) {
        const auto frame =
            frame_at({layout.ring(worker), layout.ring_size()}, tail, slot.tail, secret);
        require(frame.has_value() && slot.tail - head <= layout.ring_size());
        require(frame->header.first == finding.frame_first);
        require(frame->header.first + frame->header.count == finding.item);
    }
    detail::Failure failure{.kind = detail::Failure::Kind::died, .index = finding.item};
    static_cast<void>(recovery.publish_failure(worker, finding.claim, failure));
    require(slot.tail - head <= layout.ring_size());
}

}  // namespace procpool::fuzz
