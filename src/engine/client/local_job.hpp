#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/job.hpp"
#include "engine/shared/interface.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A job that runs in this process. It owns the memory which its spec only points to. What is no
/// atomic is guarded by the pool's mutex.
class LocalJob : public Job {
public:
    /// For a pool of so many seats. Throws std::bad_alloc.
    LocalJob(JobSpec given, std::size_t seats)
        : Job(std::move(given.sink)), spec(std::move(given)), prepared(seats) {
        block = std::move(spec.block);
        keep = std::move(spec.keep);
        keep_output = std::move(spec.keep_output);
        spec.closure = own(spec.closure);
        if (spec.window != 0) {
            open = true;
            feed = Feed(spec.window);
            spec.shared_inputs = feed.data();
            return;
        }
        if (block) {
            spec.shared_inputs = block.data();
        } else if (spec.shared_inputs == nullptr) {
            spec.shared_inputs = own(spec.inputs).data();
        }
        count = spec.count;
    }
    ~LocalJob() {
        for (void* const one : prepared) {
            if (one != nullptr && spec.prepare.close != nullptr && mark_ == os::process_mark()) {
                spec.prepare.close(one);  // in a forked child it is the parent's
            }
        }
    }
    LocalJob(const LocalJob&) = delete;
    LocalJob& operator=(const LocalJob&) = delete;

    /// Is there an item that nobody has claimed?
    [[nodiscard]] bool has_unclaimed() const { return !stopped && next < count; }
    /// Does nobody run an item of it, nor ever will?
    [[nodiscard]] bool is_over() const {
        return running == 0 && !has_unclaimed() && (stopped || !open);
    }
    /// Does anybody run an item of it, or will?
    [[nodiscard]] bool is_under_way() const {
        return running != 0 || drivers != 0 || has_unclaimed();
    }
    /// No more of its items start.
    void close() {
        stopped = true;
        cancelled.store(1, std::memory_order_relaxed);
    }

    JobSpec spec;
    std::uint64_t number = 0;                 ///< among those of the pool, from 1
    std::uint64_t finished = 0;               ///< items that gave a result, or failed
    std::vector<void*> prepared;              ///< of each seat: what it made of the closure
    bool for_one_seat = false;                ///< that is told of it: others leave it alone
    std::uint64_t next = 0;                   ///< the first item that nobody has claimed
    std::uint64_t chunk = 1;                  ///< items of a claim, where that is adaptive
    std::size_t running = 0;                  ///< claims
    std::size_t drivers = 0;                  ///< that run a claim or wait for a thread
    std::size_t queued = 0;                   ///< of them, those that wait
    std::atomic<bool> stopped{false};         ///< no more of it is claimed
    std::atomic<std::uint32_t> cancelled{0};  ///< 1: nor does what is claimed start
    std::atomic<bool> lost_memory{false};     ///< there was none for what came of some items
    std::atomic<bool> discarded{false};       ///< what comes of items is of no interest any more
    std::stop_source stop;                    ///< of the items that run

private:
    std::span<const std::byte> own(std::span<const std::byte> bytes) {
        more_blocks.push_back(Block::copy_of(bytes));
        return {more_blocks.back().data(), bytes.size()};
    }

    const std::uint64_t mark_ = os::process_mark();
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
