#include "engine/worker/offers.hpp"

#include <utility>

#include "engine/shared/steps.hpp"
#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

bool Offers::make(const Claim& claim, std::uint64_t split) {
    const auto self = static_cast<std::uint64_t>(seat_.worker);
    Word& offered = seat_.layout.offer(seat_.worker);
    ClaimWord last{offered.load(std::memory_order_acquire)};
    if (!OfferWord::valid(last, seat_.pool.secret, self)) {
        raise_alarm(claim);
        return false;
    }
    if (is_in_doubt(last) || last.next() == max_items ||
        seat_.pool.no_offers.load(std::memory_order_relaxed) != 0) {
        return false;
    }
    Slot& slot = seat_.slot;
    const ClaimWord open = word(last.next() + 1, taker::nobody, self);
    slot.split.store(word(split, self, self).bits, std::memory_order_release);
    reach(Step::offer_split, seat_.worker);
    slot.offer.store(open.bits, std::memory_order_release);
    reach(Step::offer_written, seat_.worker);
    if (!offered.compare_exchange_strong(last.bits, open.bits, std::memory_order_seq_cst)) {
        return false;  // a task wrote there, or the client mended what a task wrote
    }
    opened_ = open;
    reach(Step::offer_opened, seat_.worker);
    if (seat_.pool.no_offers.load(std::memory_order_seq_cst) != 0) {
        if (take_back(claim)) {
            return false;
        }
        opened_ = open;  // taken before that: the claim ends at the split
    }
    if (seat_.common.asked.exchange(0, std::memory_order_seq_cst) != 0) {
        seat_.common.doorbell.fetch_add(1, std::memory_order_seq_cst);
        os::futex_wake(seat_.common.doorbell, 1);
    }
    return true;
}

/// Did a worker take the last offer, and is not yet out of doubt? Then the offer word decides what
/// it holds, should it die now.
bool Offers::is_in_doubt(ClaimWord last) const {
    if (last.taker() >= seat_.pool.workers) {
        return false;
    }
    const Slot& other = seat_.layout.slot(static_cast<int>(last.taker()));
    return other.phase.load(std::memory_order_acquire) == phase::intent &&
           other.source.load(std::memory_order_acquire) ==
               source_of(last.next(), static_cast<std::uint64_t>(seat_.worker));
}

bool Offers::take_back(const Claim& claim) {
    const auto self = static_cast<std::uint64_t>(seat_.worker);
    const ClaimWord open = std::exchange(opened_, ClaimWord{});
    ClaimWord found = open;
    const ClaimWord shut = word(open.next(), taker::closed, self);
    Word& offered = seat_.layout.offer(seat_.worker);
    if (offered.compare_exchange_strong(found.bits, shut.bits, std::memory_order_seq_cst) ||
        found.bits == shut.bits) {
        reach(Step::offer_taken_back, seat_.worker);
        return true;
    }
    if (!OfferWord::valid(found, seat_.pool.secret, self) || found.next() != open.next()) {
        raise_alarm(claim);  // whoever holds it: if nobody does, the client finds out
    }
    return false;
}

std::optional<Claim> Offers::seen(int giver) const {
    const std::uint64_t secret = seat_.pool.secret;
    const auto other = static_cast<std::uint64_t>(giver);
    const ClaimWord offered{seat_.layout.offer(giver).load(std::memory_order_acquire)};
    if (offered.taker() != taker::nobody || !OfferWord::valid(offered, secret, other)) {
        return std::nullopt;
    }
    const Slot& slot = seat_.layout.slot(giver);
    Claim claim = slot.claim();
    const std::uint64_t check = slot.claim_check.load(std::memory_order_acquire);
    const ClaimWord split{slot.split.load(std::memory_order_acquire)};
    // What is not of one moment is found out by the swap. These bounds are for a task that wrote
    // over the words.
    if (check != claim.check(secret) || claim.job >= seat_.layout.jobs() ||
        !OfferWord::valid(split, secret, other) || split.next() <= claim.begin ||
        split.next() >= claim.end || slot.offer.load(std::memory_order_acquire) != offered.bits) {
        return std::nullopt;
    }
    claim.begin = split.next();
    claim.source = source_of(offered.next(), other);
    return claim;
}

bool Offers::take(const Claim& claim) {
    const std::uint64_t giver = giver_of(claim.source);
    const std::uint64_t number = number_of(claim.source);
    const ClaimWord mine = word(number, static_cast<std::uint64_t>(seat_.worker), giver);
    ClaimWord open = word(number, taker::nobody, giver);
    // Before this the client may have seen this worker idle.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (seat_.pool.no_offers.load(std::memory_order_seq_cst) != 0 ||
        !seat_.layout.offer(static_cast<int>(giver))
             .compare_exchange_strong(open.bits, mine.bits, std::memory_order_seq_cst)) {
        return false;
    }
    seat_.common.asked.store(1, std::memory_order_relaxed);  // others may be without work, too
    return true;
}

/// A task wrote over the offer word.
void Offers::raise_alarm(const Claim& claim) {
    seat_.slot.alarm.fetch_add(1, std::memory_order_relaxed);
    bells_.ring(claim.job);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
