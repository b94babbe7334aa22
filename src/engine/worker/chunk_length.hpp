#pragma once

#include <algorithm>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// How many items a worker claims at a time, where the caller leaves that open: one at first, then
/// as many as take a few microseconds, for claiming costs a hundredth of that.
class ChunkLength {
public:
    /// Of `remaining` items for `workers`. Never so many that the others idle at the end, whatever
    /// the items to come cost; but not one by one what has cost next to nothing so far.
    [[nodiscard]] std::uint64_t next(std::uint64_t remaining, std::uint64_t workers) const {
        constexpr std::uint64_t trifle = 16;
        const std::uint64_t share = workers == 1 ? remaining : remaining / (2 * workers);
        return std::min(length_,
                        std::max<std::uint64_t>({1, share, std::min(length_ / 4, trifle)}));
    }

    /// A claim of so many items took so long.
    void learn(std::uint64_t items, std::uint64_t spent_ns) {
        if (spent_ns < target_ns / 2) {
            length_ = std::max(length_, items * (spent_ns < target_ns / 8 ? 4 : 2));
        } else if (spent_ns > target_ns * 2) {
            length_ = std::max<std::uint64_t>(1, items * target_ns / spent_ns);
        }
    }

private:
    static constexpr std::uint64_t target_ns = 8 * os::us;

    std::uint64_t length_ = 1;
};

/// When the claim at hand began. Claims that follow each other share a look at the clock: the end
/// of one is the begin of the next.
class ClaimClock {
public:
    /// The next claim does not follow at once.
    void interrupt() { last_ = 0; }

    [[nodiscard]] std::uint64_t begin() const { return last_ == 0 ? os::now_ns() : last_; }
    /// Ends the claim that began then: its nanoseconds.
    std::uint64_t end(std::uint64_t begin) {
        last_ = os::now_ns();
        return last_ - begin;
    }

private:
    std::uint64_t last_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
