#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

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

/// Which claims of a job are timed whose length the caller has set: all that take long, and of
/// short ones every 64th, as a look at the clock costs a part of what they take.
class TimedClaims {
public:
    [[nodiscard]] bool is_next() { return untimed_ == 0 || untimed_-- == 0; }
    /// A claim was timed, and took this long.
    void learn(std::uint64_t spent_ns) {
        next_untimed_ = spent_ns >= short_ns ? 0 : std::min(2 * next_untimed_ + 1, most_untimed);
        untimed_ = next_untimed_;
    }

private:
    static constexpr std::uint64_t short_ns = 5 * os::us;
    static constexpr int most_untimed = 63;

    int untimed_ = 0;
    int next_untimed_ = 0;
};

/// Measures how long a claim takes. Claims that follow each other share a look at the clock: the
/// end of one is the begin of the next.
class ClaimClock {
public:
    /// The next claim does not follow at once.
    void interrupt() { last_ = 0; }

    [[nodiscard]] std::uint64_t begin() const { return last_ == 0 ? os::now_ns() : last_; }
    /// Ends a claim. Returns when, in ns.
    std::uint64_t end() {
        last_ = os::now_ns();
        ended_ = last_;
        return last_;
    }
    /// A claim was run whose end is not looked at.
    void skip() {
        last_ = 0;
        ended_ = 0;
    }
    /// When the last claim ended; 0 if it was not looked at, or this was asked since.
    [[nodiscard]] std::uint64_t take_ended() { return std::exchange(ended_, 0); }

private:
    std::uint64_t last_ = 0;
    std::uint64_t ended_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
