#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/lifetime.hpp"
#include "engine/worker/seat.hpp"
#include "engine/worker/thefts.hpp"
#include "engine/worker/turns.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Claims items of jobs, and closes jobs (docs/protocol.md, part 3).
class Claims {
public:
    Claims(const Seat& seat, Bells& bells, KnownJobs& known, ClaimClock& clock,
           const Lifetime& lifetime, Thefts& thefts)
        : seat_(seat),
          bells_(bells),
          known_(known),
          clock_(clock),
          lifetime_(lifetime),
          thefts_(thefts),
          turns_(seat),
          look_from_(seat.worker) {}

    /// Takes over the rest of a claim that the fork server left in the slot when the last worker
    /// here died. False if there is none, or others have stolen all of it.
    [[nodiscard]] bool take_inherited();
    /// Takes the next items of any active job. False if there are none. `doorbell`: its value
    /// before the call.
    [[gnu::hot]] [[nodiscard]] bool take_next(std::uint32_t doorbell);
    /// Takes half of what the worker that has most of it has not started. False if there is
    /// nothing.
    [[nodiscard]] bool steal();
    /// What was taken last.
    [[nodiscard]] const Claim& taken() const { return claim_; }
    /// What this worker remembers of its job.
    [[nodiscard]] KnownJob& known_job() const { return *known_job_; }

    /// Did a worker close the job of what was taken last? The client notes what it closes.
    [[nodiscard]] bool is_closed_by_worker() const {
        const ClaimWord word{seat_.layout.words(claim_.job).claim.load(std::memory_order_acquire)};
        return word.taker() == taker::closed &&
               seat_.layout.job(claim_.job).close_word.load(std::memory_order_acquire) == 0;
    }
    /// Closes the job of what was taken last: no more of its items are claimed.
    void close_job();

private:
    [[gnu::hot]] bool take(std::size_t job);
    [[gnu::hot]] [[nodiscard]] inline Claim next_of(std::size_t job, std::uint64_t serial,
                                                    std::uint64_t begin, std::uint64_t limit) const;
    /// Is it a word of the protocol's? One that this worker wrote itself needs no look at its
    /// check.
    [[nodiscard]] bool is_genuine(ClaimWord word, std::uint64_t serial) const {
        return (word.bits == written_.bits && serial == written_serial_) ||
               word.valid(seat_.pool.secret, serial);
    }
    [[gnu::cold]] static void keep_to_extent(Claim& claim, const JobPage& page);
    [[gnu::hot]] [[nodiscard]] inline bool swap_in(Claim& claim, ClaimWord seen);
    template <class Swap>
    [[gnu::hot]] [[nodiscard]] bool sign(Claim& claim, Swap&& swap);
    [[nodiscard]] std::optional<Thefts::Loot> best_loot();

    const Seat& seat_;
    Bells& bells_;
    KnownJobs& known_;
    ClaimClock& clock_;
    const Lifetime& lifetime_;
    Thefts& thefts_;
    Turns turns_;
    Claim claim_;
    KnownJob* known_job_ = nullptr;  // of `claim_`
    int look_from_;                  // worker that was looked at last, for something to steal
    ClaimWord written_;              // the last one that this worker tried to swap in
    std::uint64_t written_serial_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
