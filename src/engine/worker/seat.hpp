#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What a worker sees of its pool, and its own part of it. Constant for its life.
struct Seat {
    Layout layout;
    int worker;
    PoolPage& pool;
    CommonWords& common;
    Slot& slot;

    Seat(const Layout& at, int number)
        : layout(at), worker(number), pool(at.pool()), common(at.common()), slot(at.slot(number)) {}

    [[nodiscard]] std::size_t next_active_job(std::size_t from) const {
        return pool.active.next(from, layout.jobs());
    }
    /// As above, without those that are for one worker alone.
    [[nodiscard]] std::size_t next_common_job(std::size_t from) const {
        return pool.own_jobs.load(std::memory_order_acquire) == 0
                   ? pool.active.next(from, layout.jobs())
                   : pool.active.next_seen(from, layout.jobs());
    }
    /// The serial number of the job for all workers that was posted first; 0: there is none.
    [[nodiscard]] std::uint64_t oldest_job() const {
        std::uint64_t oldest = 0;
        for (std::size_t job = next_common_job(0); job < layout.jobs();
             job = next_common_job(job + 1)) {
            const std::uint64_t serial = layout.job(job).serial.load(std::memory_order_acquire);
            oldest = serial != 0 && (oldest == 0 || serial < oldest) ? serial : oldest;
        }
        return oldest;
    }
    /// The item of the job that is run again by this worker, and how often it was tried before.
    [[nodiscard]] std::pair<std::uint64_t, std::uint32_t> retried_of(std::uint64_t serial) const {
        const ServerLine& line = layout.server_line(worker);
        if (line.retried_serial.load(std::memory_order_acquire) != serial) {
            return {~std::uint64_t{0}, 0};
        }
        return {line.retried_item.load(std::memory_order_relaxed),
                static_cast<std::uint32_t>(line.tries.load(std::memory_order_relaxed))};
    }
    /// Is nothing of the job left to claim?
    [[nodiscard]] bool handed_out(std::size_t job) const {
        const ClaimWord word{layout.words(job).claim.load(std::memory_order_seq_cst)};
        return word.taker() == taker::closed ||
               word.next() >= layout.job(job).limit.load(std::memory_order_acquire);
    }
};

/// The address in this process of a function of the client's.
template <class Function>
Function* here(Function* function) {
    return std::bit_cast<Function*>(relocated(std::bit_cast<std::uintptr_t>(function)));
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
