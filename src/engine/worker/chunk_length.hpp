#pragma once

#include <algorithm>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// How many items a worker claims at a time if the caller does not say: one at first, then as many
/// as take a few microseconds. Claiming costs a hundredth of that.
class ChunkLength {
public:
    /// The length of the next claim, of `remaining` items for `workers`. Never so long that the
    /// other workers idle at the end, whatever the remaining items cost. But items that have cost
    /// almost nothing so far are not claimed one by one.
    [[nodiscard]] std::uint64_t next(std::uint64_t remaining, std::uint64_t workers) const {
        constexpr std::uint64_t trifle = 16;
        const std::uint64_t share = workers == 1 ? remaining : remaining / (2 * workers);
        return std::min(length_,
                        std::max<std::uint64_t>({1, share, std::min(length_ / 4, trifle)}));
    }

    /// A claim of this many items took this long.
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

/// Measures how long a claim takes. Claims that follow each other share a look at the clock: the
/// end of one is the begin of the next.
class ClaimClock {
public:
    /// The next claim does not follow at once.
    void interrupt() { last_ = 0; }

    [[nodiscard]] std::uint64_t begin() const { return last_ == 0 ? os::now_ns() : last_; }
    /// Ends the claim that began at `begin`. Returns how long it took, in nanoseconds.
    std::uint64_t end(std::uint64_t begin) {
        last_ = os::now_ns();
        return last_ - begin;
    }

private:
    std::uint64_t last_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
