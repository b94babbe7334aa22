#include "engine/server/closing.hpp"

#include <atomic>
#include <cstdint>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// As Claims::note_taker, which tells why.
void note_taker(const Layout& layout, int dead, ClaimWord seen, std::uint64_t serial) {
    const std::uint64_t taker = seen.taker();
    if (taker >= layout.pool().workers || taker == static_cast<std::uint64_t>(dead)) {
        return;
    }
    Word& evidence = layout.slot(dead).evidence[taker];
    const std::uint64_t fresh = evidence_of(serial, seen.next());
    const std::uint64_t old = evidence.load(std::memory_order_relaxed);
    if (old != 0 && (old ^ fresh) > max_items) {
        const Slot& other = layout.slot(static_cast<int>(taker));
        const bool in_doubt = other.phase.load(std::memory_order_acquire) == phase::intent;
        if (in_doubt && evidence_of(other.serial.load(std::memory_order_acquire),
                                    other.end.load(std::memory_order_acquire)) == old) {
            return;
        }
    }
    evidence.store(fresh, std::memory_order_release);
}

}  // namespace

void close_job_for(const Layout& layout, int dead, const Claim& claim) {
    const std::uint64_t secret = layout.pool().secret;
    Word& word = layout.words(claim.job).claim;
    ClaimWord seen{word.load(std::memory_order_acquire)};
    while (seen.valid(secret, claim.serial) && seen.taker() != taker::closed) {
        note_taker(layout, dead, seen, claim.serial);
        const ClaimWord shut = ClaimWord::make(seen.next(), taker::closed, secret, claim.serial);
        if (word.compare_exchange_strong(seen.bits, shut.bits, std::memory_order_seq_cst)) {
            return;
        }
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
