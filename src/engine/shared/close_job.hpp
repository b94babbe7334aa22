#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/evidence.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Closes the job of a claim: no more of its items are claimed. `author` is the worker that does
/// it, or the dead one for which the fork server does: the evidence for the last taker is written
/// into its slot first (docs/protocol.md, parts 3 and 4). Calls `noted(written)` between that and
/// the swap, with whether evidence was due. True if the job was not closed before.
template <class Noted>
bool close_job(const Layout& layout, int author, const Claim& claim, Noted&& noted) {
    const std::uint64_t secret = layout.pool().secret;
    Word& word = layout.words(claim.job).claim;
    ClaimWord seen{word.load(std::memory_order_acquire)};
    while (seen.valid(secret, claim.serial) && seen.taker() != taker::closed) {
        noted(note_taker(layout, author, seen, claim.serial));
        const ClaimWord shut = ClaimWord::make(seen.next(), taker::closed, secret, claim.serial);
        if (word.compare_exchange_strong(seen.bits, shut.bits, std::memory_order_seq_cst)) {
            return true;
        }
    }
    return false;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
