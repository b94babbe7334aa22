#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/lifetime.hpp"
#include "engine/worker/seat.hpp"
#include "engine/worker/turns.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Taking items, and closing what they are taken of (docs/protocol.md, part 3).
class Claims {
public:
    Claims(const Seat& seat, Bells& bells, KnownJobs& known, ClaimClock& clock,
           const Lifetime& lifetime)
        : seat_(seat),
          bells_(bells),
          known_(known),
          clock_(clock),
          lifetime_(lifetime),
          turns_(seat) {}

    /// Is there one that the fork server left here, of a worker that died?
    [[nodiscard]] bool take_inherited();
    /// Takes the next items of any active job. False if there are none. `doorbell`: as it stood
    /// before.
    [[gnu::hot]] [[nodiscard]] bool take_next(std::uint32_t doorbell);
    /// What was taken last.
    [[nodiscard]] const Claim& taken() const { return claim_; }

    /// Closes the job of what was taken last: nothing more is claimed of it.
    void close_job();

private:
    [[gnu::hot]] bool take(std::size_t job);
    [[gnu::hot]] [[nodiscard]] Claim next_of(std::size_t job, std::uint64_t serial,
                                             std::uint64_t begin, std::uint64_t limit) const;
    [[gnu::hot]] [[nodiscard]] bool swap_in(const Claim& claim, ClaimWord seen);
    [[gnu::hot]] void note_taker(ClaimWord seen, std::uint64_t serial);

    const Seat& seat_;
    Bells& bells_;
    KnownJobs& known_;
    ClaimClock& clock_;
    const Lifetime& lifetime_;
    Turns turns_;
    Claim claim_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
