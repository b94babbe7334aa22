#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/chunk_length.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/ledger.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Times a claim where that is worth a look at the clock, and has it counted. Exists while it runs.
class ClaimTime {
public:
    ClaimTime(Ledger& ledger, ClaimClock& clock, KnownJob& known, bool adaptive)
        : ledger_(ledger),
          clock_(clock),
          known_(known),
          adaptive_(adaptive),
          is_timed_(adaptive || ledger.is_waiting() || ledger.has_timeline() ||
                    known.timed.is_next()) {
        // What waits for a call looks at the clock all the time. To learn a chunk's length, that is
        // not exact enough.
        const std::uint64_t called = ledger.is_waiting() && !adaptive ? ledger.called_at() : 0;
        began_ = called != 0 ? called : is_timed_ ? clock.begin() : 0;
        if (ledger.is_waiting()) {
            ledger.note_work(began_);
        }
    }

    /// It has ended: so many of its items are done, and so many of these were run.
    void end(const Claim& claim, std::uint64_t done, std::uint64_t run) {
        if (!is_timed_) {
            clock_.skip();
            ledger_.note_items(run);
            return;
        }
        const std::uint64_t ended = clock_.end();
        if (adaptive_) {
            known_.chunk.learn(done, ended - began_);
        } else {
            known_.timed.learn(ended - began_);
        }
        ledger_.note_items(claim.serial, claim.first_item(), run, began_, ended);
    }

private:
    Ledger& ledger_;
    ClaimClock& clock_;
    KnownJob& known_;
    const bool adaptive_;
    const bool is_timed_;
    std::uint64_t began_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
