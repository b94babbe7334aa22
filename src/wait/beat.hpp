#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace wait {

/// When the next call comes, if calls come at regular times: what a worker learns from how long it
/// rested between the last ones. What followed the rests like the last one tells what follows now:
/// so a frame may have several calls. All times in nanoseconds.
class Beat {
public:
    /// When to look for the call, counted from the begin of the rest. `begin` is for a timer, which
    /// will be late.
    struct Watch {
        std::uint64_t begin;
        std::uint64_t end;
    };

    /// A rest ended after so long, by a call.
    void note(std::uint64_t rest) noexcept {
        std::move_backward(rests_.begin(), rests_.end() - 1, rests_.end());
        rests_.front() = rest;
        expected_ = guess();
    }

    /// None if the rests had no beat.
    [[nodiscard]] std::optional<Watch> next() const noexcept {
        if (expected_ < shortest) {
            return std::nullopt;
        }
        const std::uint64_t margin = tolerance(expected_);
        return Watch{expected_ - margin - late_, expected_ + margin};
    }

    /// The timer woke the worker so long after the begin of a watch.
    void timer_was_late(std::uint64_t by) noexcept {
        late_ = late_ - late_ / 4 + std::min(by, most_late) / 4;
    }
    /// The call came so long after the begin of a watch, and the timer had still not woken the
    /// worker.
    void call_was_first(std::uint64_t by) noexcept { late_ = std::min(late_ + by / 2, most_late); }

private:
    using Rests = std::array<std::uint64_t, 8>;

    /// A rest that is shorter is not worth a timer.
    static constexpr std::uint64_t shortest = 1 * os::ms;
    /// How late the timer is believed to be: at first, and at most.
    static constexpr std::uint64_t usually_late = 100 * os::us;
    static constexpr std::uint64_t most_late = 200 * os::us;

    /// Wide enough for the timers of a virtual machine, narrow enough that looking for the call
    /// costs a small share of the rest.
    static constexpr std::uint64_t tolerance(std::uint64_t rest) noexcept {
        return std::min(rest / 100, 100 * os::us);
    }
    static constexpr bool alike(std::uint64_t a, std::uint64_t b) noexcept {
        return std::max(a, b) - std::min(a, b) <= tolerance(std::min(a, b));
    }

    /// The mean of those that are alike, if they are more than half of what followed rests like the
    /// last one, or of all if there was none like it; or 0. Two at least.
    [[nodiscard]] std::uint64_t guess() const noexcept {
        Rests followers{};
        std::size_t count = 0;
        for (const bool any : {false, true}) {
            for (std::size_t i = 1; i < rests_.size() && rests_[i] != 0; ++i) {
                if (any || alike(rests_[i], rests_.front())) {
                    followers[count++] = rests_[i - 1];
                }
            }
            if (count != 0) {
                break;
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            std::uint64_t sum = 0;
            std::uint64_t votes = 0;
            for (std::size_t j = 0; j < count; ++j) {
                if (alike(followers[i], followers[j])) {
                    sum += followers[j];
                    ++votes;
                }
            }
            if (votes >= 2 && 2 * votes > count) {
                return sum / votes;
            }
        }
        return 0;
    }

    Rests rests_{};  // the last one first; 0: none yet
    std::uint64_t expected_ = 0;
    std::uint64_t late_ = usually_late;
};

}  // namespace wait
PROCPOOL_END_NAMESPACE
