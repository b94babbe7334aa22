#include "engine/worker/claims.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>

#include "engine/shared/close_job.hpp"
#include "engine/shared/evidence.hpp"
#include "engine/shared/steps.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// How long a worker pauses after it lost a race for a claim. Meanwhile the winner makes dozens of
/// claims from its own cache, which costs a fraction of passing the claim word back and forth for
/// each.
constexpr std::uint64_t contention_pause_ns = 2'000;

}  // namespace

bool Claims::take_inherited() {
    Slot& slot = seat_.slot;
    const std::uint64_t left = slot.phase.load(std::memory_order_acquire);
    if (left != phase::waiting && left != phase::taken) {
        return false;
    }
    claim_ = slot.claim();
    // From here on its first item is not stolen, so the page of its job stays what it is.
    slot.phase.store(phase::taken, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    reach(Step::claim_inherited, seat_.worker);
    claim_.end = thefts_.end_at(claim_, claim_.begin);
    if (claim_.end == claim_.begin) {
        slot.phase.store(phase::idle, std::memory_order_release);
        reach(Step::claim_released, seat_.worker);
        thefts_.let_go(claim_);
        return false;
    }
    known_job_ = &known_.get(claim_.job, claim_.serial);
    return true;
}

bool Claims::take_next(std::uint32_t doorbell) {
    if (turns_.take_next(doorbell, [this](std::size_t job) { return take(job); })) {
        return true;
    }
    bells_.pay();
    clock_.interrupt();
    return false;
}

/// Takes the next items of this job, if there are any.
bool Claims::take(std::size_t job) {
    const JobPage& page = seat_.layout.job(job);
    Word& word = seat_.layout.words(job).claim;
    bells_.pay_unless_for(job);
    const std::uint64_t serial = page.serial.load(std::memory_order_acquire);
    if (serial == 0 || (page.terms.only_worker >= 0 && page.terms.only_worker != seat_.worker)) {
        bells_.pay();
        return false;
    }
    for (;;) {
        const ClaimWord seen{word.load(std::memory_order_acquire)};
        if (!is_genuine(seen, serial)) {
            if (page.serial.load(std::memory_order_acquire) == serial) {
                seat_.slot.alarm.fetch_add(1, std::memory_order_relaxed);
                bells_.ring(job);
            }
            return false;
        }
        const std::uint64_t limit = page.limit.load(std::memory_order_acquire);
        // The check of a claim word holds 16 bits of the serial number only.
        if (page.serial.load(std::memory_order_acquire) != serial) {
            return false;
        }
        if (seen.taker() == taker::closed || seen.next() >= limit) {
            bells_.pay();
            return false;
        }
        known_job_ = &known_.get(job, serial);
        Claim claim = next_of(job, serial, seen.next(), limit);
        if (swap_in(claim, seen)) {
            return true;
        }
        wait::pass(contention_pause_ns);
    }
}

/// The claim to try for: positions from `begin` on.
Claim Claims::next_of(std::size_t job, std::uint64_t serial, std::uint64_t begin,
                      std::uint64_t limit) const {
    const JobPage& page = seat_.layout.job(job);
    const std::uint64_t remaining = limit - begin;
    const std::uint64_t length = page.terms.chunksize != 0
                                     ? page.terms.chunksize
                                     : known_job_->chunk.next(remaining, seat_.pool.workers);
    Claim claim{job,        serial,
                begin,      begin + lifetime_.cut(std::min(length, remaining), page.terms.parts),
                page.shift, 0,
                0};
    if (page.extents != nullptr) {
        keep_to_extent(claim, page);
    }
    return claim;
}

/// The positions of a reconciled job are cut where the shift changes.
void Claims::keep_to_extent(Claim& claim, const JobPage& page) {
    const std::span extents(page.extents, page.extent_count);
    const auto after = std::upper_bound(
        extents.begin(), extents.end(), claim.begin,
        [](std::uint64_t at, const Extent& extent) { return at < extent.position; });
    claim.shift = std::prev(after)->shift;
    claim.end = after == extents.end() ? claim.end : std::min(claim.end, after->position);
}

/// Steps 3 to 7 of docs/protocol.md, part 3. False if another worker was faster.
bool Claims::swap_in(Claim& claim, ClaimWord seen) {
    if (note_taker(seat_.layout, seat_.worker, seen, claim.serial)) {
        reach(Step::claim_evidence, seat_.worker);
    }
    written_ = ClaimWord::make(claim.end, static_cast<std::uint64_t>(seat_.worker),
                               seat_.pool.secret, claim.serial);
    written_serial_ = claim.serial;  // mutate: without it every word's check is looked at
    Word& word = seat_.layout.words(claim.job).claim;
    return sign(claim, [&] {
        return word.compare_exchange_strong(seen.bits, written_.bits, std::memory_order_seq_cst);
    });
}

bool Claims::steal() {
    if (!thefts_.may_steal()) {
        return false;
    }
    // Another thief may be faster, or the victim come to its items: then there is less to take.
    constexpr int most_tries = 4;
    for (int i = 0; i < most_tries; ++i) {
        std::optional<Thefts::Loot> loot = best_loot();
        if (!loot) {
            return false;
        }
        Claim& part = loot->part;
        part.begin =
            part.end - lifetime_.cut(part.end - part.begin, seat_.layout.job(part.job).terms.parts);
        if (sign(loot->part, [&] { return thefts_.take(*loot); })) {
            known_job_ = &known_.get(claim_.job, claim_.serial);
            return true;
        }
    }
    return false;
}

/// Of so many workers at a time that a look does not take long, at first those behind this one:
/// each is looked at by others soon.
std::optional<Thefts::Loot> Claims::best_loot() {
    constexpr int most_looked_at = 64;
    std::optional<Thefts::Loot> best;
    const int workers = seat_.layout.workers();
    for (int i = 0; i < std::min(workers, most_looked_at); ++i) {
        look_from_ = (look_from_ + 1) % workers;
        if (look_from_ == seat_.worker) {
            continue;
        }
        const std::optional<Thefts::Loot> loot = thefts_.look_at(look_from_);
        if (loot && (!best || loot->size() > best->size())) {
            best = loot;
        }
    }
    return best;
}

/// Makes a claim this worker's if `swap` succeeds. While `phase` is in intent, the fork server can
/// find out whether it did.
template <class Swap>
bool Claims::sign(Claim& claim, Swap&& swap) {
    claim.thefts = claim.end - claim.begin > 1 ? thefts_.count() : TheftWord::most;
    Slot& slot = seat_.slot;
    slot.write_claim(claim, seat_.pool.secret);
    reach(Step::claim_written, seat_.worker);
    slot.phase.store(phase::intent, std::memory_order_release);
    reach(Step::claim_intent, seat_.worker);
    if (swap()) {
        reach(Step::claim_swapped, seat_.worker);
        slot.phase.store(phase::taken, std::memory_order_release);
        reach(Step::claim_taken, seat_.worker);
        claim_ = claim;
        return true;
    }
    slot.phase.store(phase::idle, std::memory_order_release);
    reach(Step::claim_idle, seat_.worker);
    return false;
}

void Claims::close_job() {
    const auto reach_steps = [this](bool noted) {
        if (noted) {
            reach(Step::claim_evidence, seat_.worker);
        }
        reach(Step::closing, seat_.worker);
    };
    if (engine::close_job(seat_.layout, seat_.worker, claim_, reach_steps)) {
        reach(Step::closed, seat_.worker);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
