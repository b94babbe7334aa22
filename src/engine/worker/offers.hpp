#pragma once

#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What this worker gives back of a claim that takes long, and what others give back
/// (docs/protocol.md, part 4, "Giving back").
class Offers {
public:
    Offers(const Seat& seat, Bells& bells) : seat_(seat), bells_(bells) {}

    /// Offers the positions of this worker's claim from `split` on. False if that cannot be now.
    bool make(const Claim& claim, std::uint64_t split);
    [[nodiscard]] bool is_open() const { return opened_.bits != 0; }
    /// Takes the open offer back. False if another worker has taken it: this one's claim ended at
    /// the split.
    [[nodiscard]] bool take_back(const Claim& claim);

    /// What worker `giver` offers: a claim for this worker to take, if it is fast enough.
    [[nodiscard]] std::optional<Claim> seen(int giver) const;
    /// Takes it. The slot must have it as a claim in intent. False if it was taken or taken back.
    [[nodiscard]] bool take(const Claim& claim);

private:
    [[nodiscard]] bool is_in_doubt(ClaimWord last) const;
    void raise_alarm(const Claim& claim);
    [[nodiscard]] ClaimWord word(std::uint64_t number, std::uint64_t taker,
                                 std::uint64_t giver) const {
        return OfferWord::make(number, taker, seat_.pool.secret, giver);
    }

    const Seat& seat_;
    Bells& bells_;
    ClaimWord opened_;  // 0: none
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
