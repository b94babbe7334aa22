#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/server/places.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What a slot says about the item that runs, as the fork server sees it. It is a hint: a worker
/// goes on while this is read, and a task can write there.
struct Sight {
    std::uint64_t incarnation = 0;
    std::uint64_t phase = 0;
    Claim claim;
    std::uint64_t claim_check = 0;
    std::uint64_t current = 0;
    std::uint64_t verdict = 0;

    [[nodiscard]] bool operator==(const Sight&) const = default;

    [[nodiscard]] static Sight of(const Layout& layout, const Places& places, int worker) {
        const Slot& slot = layout.slot(worker);
        // The verdict first: the words of its item were written before it.
        Sight sight;
        sight.verdict = slot.verdict.load(std::memory_order_acquire);
        sight.incarnation = places.incarnation(worker);
        sight.phase = slot.phase.load(std::memory_order_acquire);
        sight.claim = slot.claim();
        sight.claim_check = slot.claim_check.load(std::memory_order_acquire);
        sight.current = slot.current.load(std::memory_order_acquire);
        return sight;
    }

    /// Is the claim one, and `current` an item of it, or its end?
    [[nodiscard]] bool makes_sense(const Layout& layout) const {
        const std::uint64_t item = item_of(current);
        return is_current(current) && phase != phase::intent &&
               claim_check == claim.check(layout.pool().secret) && claim.job < layout.jobs() &&
               item >= claim.first_item() && item <= claim.end_item();
    }
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
