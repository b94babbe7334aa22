#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Fairness between jobs: a worker takes its next claim from the active job behind the one that it
/// took the last from (round robin), so a short job behind a long one starts at once. A replacement
/// goes on where its predecessor was: many deaths in one job do not keep it from the others. A job
/// for this worker alone comes first: it is one item.
class Turns {
public:
    explicit Turns(const Seat& seat)
        : seat_(seat), cursor_(behind_last_claim(seat)), sole_job_(seat.layout.jobs()) {}

    /// Calls `take(job)` for the job of this worker alone and the active jobs in turn, each once,
    /// until one gives a claim; false if none does. `doorbell`: its value before the call.
    template <class Take>
    [[gnu::hot]] bool take_next(std::uint32_t doorbell, Take&& take) {
        const std::size_t jobs = seat_.layout.jobs();
        // While the doorbell does not ring, the only active job stays the only one.
        if (sole_job_ != jobs && scanned_doorbell_ == doorbell && take(sole_job_)) {
            return true;
        }
        sole_job_ = jobs;
        scanned_doorbell_ = doorbell;
        if (seat_.pool.own_jobs.load(std::memory_order_acquire) != 0) [[unlikely]] {
            const std::uint64_t own =
                seat_.layout.line(seat_.worker).own_job.load(std::memory_order_acquire);
            if (own != 0 && take(static_cast<std::size_t>(own - 1))) {
                return true;
            }
        }
        const std::size_t start = cursor_;
        return take_between(start, jobs, take) || (start != 0 && take_between(0, start, take));
    }

private:
    /// Of this worker's predecessor, if it had one. A task may have written there: any page will
    /// do.
    static std::size_t behind_last_claim(const Seat& seat) {
        return seat.slot.serial.load(std::memory_order_relaxed) == 0
                   ? 0
                   : (seat.slot.job.load(std::memory_order_relaxed) + 1) % seat.layout.jobs();
    }

    template <class Take>
    bool take_between(std::size_t from, std::size_t to, Take& take) {
        const std::size_t jobs = seat_.layout.jobs();
        for (std::size_t job = seat_.next_common_job(from); job < to;
             job = seat_.next_common_job(job + 1)) {
            if (take(job)) {
                cursor_ = (job + 1) % jobs;
                if (seat_.next_common_job(job + 1) == jobs && seat_.next_common_job(0) == job) {
                    sole_job_ = job;
                }
                return true;
            }
            if (job + 1 == jobs) {
                break;
            }
        }
        return false;
    }

    const Seat& seat_;
    std::size_t cursor_;    // the job page looked at first
    std::size_t sole_job_;  // the only one when the doorbell stood at `scanned_doorbell_`; jobs()
    std::uint32_t scanned_doorbell_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
