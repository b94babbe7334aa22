#include "engine/server/closing.hpp"

#include <atomic>
#include <cstdint>

#include "engine/shared/evidence.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

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
