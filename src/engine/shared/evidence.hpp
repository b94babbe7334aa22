#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Writes the evidence for the last claim of a job, `seen` in its claim word, into the slot of
/// worker `author`, before that worker replaces the word (docs/protocol.md, part 3). False if none
/// is due: there was no taker, it was the author, or older evidence has to stay.
inline bool note_taker(const Layout& layout, int author, ClaimWord seen, std::uint64_t serial) {
    const std::uint64_t taker = seen.taker();
    if (taker >= layout.pool().workers || taker == static_cast<std::uint64_t>(author)) {
        return false;
    }
    Word& evidence = layout.slot(author).evidence[taker];
    const std::uint64_t fresh = evidence_of(serial, seen.next());
    const std::uint64_t old = evidence.load(std::memory_order_relaxed);
    if (old != 0 && (old ^ fresh) > max_items) {
        // The old evidence is about another job. If the taker is in doubt about that very claim,
        // this word decides it and must stay; the claim seen now is then an older one, and no
        // longer in doubt.
        const Slot& other = layout.slot(static_cast<int>(taker));
        const bool in_doubt = other.phase.load(std::memory_order_acquire) == phase::intent;
        if (in_doubt && evidence_of(other.serial.load(std::memory_order_acquire),
                                    other.end.load(std::memory_order_acquire)) == old) {
            return false;
        }
    }
    evidence.store(fresh, std::memory_order_release);
    return true;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
