#include "engine/server/recovery.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "engine/shared/ring_writer.hpp"
#include "engine/shared/theft.hpp"
#include "trace/stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Did the compare-and-swap of a worker that died in doubt succeed? The claim word is read before
/// the evidence.
Recovery::Doubt Recovery::resolve(int worker, const Claim& claim) const {
    if (claim.source != 0) {
        return was_stolen(worker, claim);
    }
    const JobPage& page = layout_.job(claim.job);
    if (page.serial.load(std::memory_order_acquire) != claim.serial) {
        return Doubt::not_taken;  // the job is over, so nothing of it was held
    }
    const auto self = static_cast<std::uint64_t>(worker);
    const ClaimWord word{layout_.words(claim.job).claim.load(std::memory_order_seq_cst)};
    if (!word.valid(layout_.pool().secret, claim.serial)) {
        // Or the job ended meanwhile.
        return page.serial.load(std::memory_order_acquire) == claim.serial ? Doubt::unknown
                                                                           : Doubt::not_taken;
    }
    if (word.next() == claim.end && word.taker() == self) {
        return Doubt::taken;
    }
    const ClaimWord last{page.close_word.load(std::memory_order_acquire)};
    if (last.valid(layout_.pool().secret, claim.serial) && last.next() == claim.end &&
        last.taker() == self) {
        return Doubt::taken;
    }
    const std::uint64_t proof = evidence_of(claim.serial, claim.end);
    for (int witness = 0; witness < layout_.workers(); ++witness) {
        if (witness != worker &&
            layout_.slot(witness).evidence[self].load(std::memory_order_acquire) == proof) {
            return Doubt::taken;
        }
    }
    return Doubt::not_taken;
}

/// The same for a part of another worker's claim. The theft word stays as it is while this worker
/// is in doubt.
Recovery::Doubt Recovery::was_stolen(int worker, const Claim& claim) const {
    const std::uint64_t victim = victim_of(claim.source);
    if (victim >= layout_.pool().workers) {
        return Doubt::unknown;
    }
    const auto stolen = Victim(layout_, static_cast<int>(victim)).settle(worker, claim);
    if (!stolen) {
        return Doubt::unknown;
    }
    return *stolen ? Doubt::taken : Doubt::not_taken;
}

Recovery::Finding Recovery::inspect(int worker) const {
    Slot& slot = layout_.slot(worker);
    const Finding corrupt{.state = State::corrupt};
    const std::uint64_t tail = slot.tail.load(std::memory_order_acquire);
    const std::uint64_t head = layout_.line(worker).head.load(std::memory_order_acquire);
    if (tail - head > layout_.ring_size() || tail % frame_align != 0) {
        return corrupt;
    }
    const std::uint64_t phase = slot.phase.load(std::memory_order_acquire);
    if (phase == phase::idle) {
        return {};
    }
    if (!is_phase(phase)) {
        return corrupt;
    }
    Finding finding{.state = State::held};
    finding.claim = slot.claim();
    Claim& claim = finding.claim;
    if (slot.claim_check.load(std::memory_order_acquire) != claim.check(layout_.pool().secret) ||
        claim.job >= layout_.jobs() || claim.begin >= claim.end || claim.end > max_items) {
        return corrupt;
    }
    if (phase == phase::intent) {
        switch (resolve(worker, claim)) {
            case Doubt::not_taken:
                return {};
            case Doubt::unknown:
                return corrupt;
            case Doubt::taken:
                break;
        }
    } else if (layout_.job(claim.job).serial.load(std::memory_order_acquire) != claim.serial) {
        // What it held was delivered, or the job would still be there. The worker died before it
        // could set its phase to idle.
        return {.job_is_over = true};
    }
    if (phase == phase::taken || phase == phase::waiting) {
        // Nobody steals from it from here on, or finds out before it is sure.
        slot.phase.store(phase::left, std::memory_order_seq_cst);
    }
    const std::optional<std::uint64_t> end = Victim(layout_, worker).held_end(claim);
    if (!end) {
        return corrupt;
    }
    const bool lost_some = *end != claim.end;
    claim.end = *end;
    claim.source = 0;
    finding.retired = phase == phase::retired;
    const std::uint64_t current = slot.current.load(std::memory_order_acquire);
    finding.item = item_of(current);
    // What it was about to start may have been stolen just before.
    finding.was_running = is_running(current) && !(lost_some && finding.item == claim.end_item());
    finding.frame_first = slot.frame_first.load(std::memory_order_acquire);
    if (finding.item < claim.first_item() || finding.item > claim.end_item() ||
        finding.frame_first < claim.first_item() || finding.frame_first > claim.end_item()) {
        return corrupt;
    }
    const bool open = slot.frame_pos.load(std::memory_order_acquire) == tail;
    if (!open && finding.frame_first > finding.item) {
        finding.item = finding.frame_first;  // published in a frame of its own
        finding.was_running = false;
    }
    finding.frame_open = open && finding.frame_first < finding.item;
    return finding;
}

bool Recovery::publish_open_frame(int worker, const Finding& finding) const {
    const JobPage& page = layout_.job(finding.claim.job);
    RingWriter ring(layout_, worker);
    if (!ring.untouched()) {
        return false;
    }
    const Slot& slot = layout_.slot(worker);
    const std::uint64_t position =
        position_of(slot.tail.load(std::memory_order_relaxed), layout_.ring_size());
    const std::uint64_t count = finding.item - finding.frame_first;
    const std::uint64_t room = layout_.ring_size() - position - sizeof(FrameHeader);
    std::uint64_t bytes = 0;
    if (page.terms.sized_results()) {
        // The entries were written by the dead worker. Walk those of finished items, within the
        // room that there is.
        const std::uint64_t used = unsealed(slot.frame_used.load(std::memory_order_acquire));
        if (used > room) {
            return false;
        }
        Entry entry;
        while (used - bytes >= sizeof entry) {
            std::memcpy(&entry, ring.payload() + bytes, sizeof entry);
            if (entry.index >= count) {
                break;  // it belongs to the item that was running
            }
            if (entry_size(entry.size) > used - bytes) {
                return false;
            }
            bytes += entry_size(entry.size);
        }
    } else if (page.terms.in_place == nullptr) {
        if (page.terms.result_stride != 0 && count > room / page.terms.result_stride) {
            return false;
        }
        bytes = count * page.terms.result_stride;
    }
    if (count > 0xffff'ffffU || bytes > room ||
        ring.backlog() + frame_size(bytes) > layout_.ring_size()) {
        return false;
    }
    ring.seal({.kind = page.terms.sized_results() ? FrameKind::sized : FrameKind::results,
               .job = static_cast<std::uint16_t>(finding.claim.job),
               .serial = finding.claim.serial,
               .first = finding.frame_first,
               .count = static_cast<std::uint32_t>(count),
               .bytes = static_cast<std::uint32_t>(bytes)});
    ring.publish();
    return true;
}

void Recovery::add_last_words(int worker, detail::Failure& failure, int signal) const {
    const trace::CrashReport& report = layout_.last_words(worker);
    if (report.seal.load(std::memory_order_acquire) !=
        trace::crash_seal(layout_.last_words_key(failure.worker_pid), signal)) {
        return;
    }
    failure.stack = trace::written(report.stack);
    failure.message = trace::readable(report.note);
}

bool Recovery::skip_cancelled(int worker, const Claim& claim, std::uint64_t first) const {
    const std::uint64_t count = claim.end_item() - first;
    if (count == 0 || count > 0x7fff'ffffU ||
        layout_.job(claim.job).cancelled.load(std::memory_order_acquire) == 0) {
        return false;
    }
    RingWriter ring(layout_, worker);
    if (!ring.try_reserve(0)) {
        return false;
    }
    ring.seal({.kind = FrameKind::skipped,
               .job = static_cast<std::uint16_t>(claim.job),
               .serial = claim.serial,
               .first = first,
               .count = static_cast<std::uint32_t>(count),
               .bytes = 0});
    ring.publish();
    return true;
}

Recovery::Reported Recovery::publish_failure(int worker, const Claim& claim,
                                             const detail::Failure& failure) const {
    const std::vector<std::byte> bytes = detail::encode_failure(failure);
    RingWriter ring(layout_, worker);
    if (!ring.try_reserve(bytes.size())) {
        return Reported::no_room;
    }
    std::memcpy(ring.payload(), bytes.data(), bytes.size());
    ring.seal({.kind = FrameKind::failure,
               .job = static_cast<std::uint16_t>(claim.job),
               .serial = claim.serial,
               .first = failure.index,
               .count = 1,
               .bytes = static_cast<std::uint32_t>(bytes.size())});
    ring.publish();
    return Reported::yes;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
