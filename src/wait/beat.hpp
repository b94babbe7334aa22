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

/// Predicts the next call if calls come at regular times. A worker notes how long it rested before
/// each of the last calls. It expects what followed earlier rests of the same length as the last
/// one, so there may be several calls per frame. All times are in nanoseconds.
class Beat {
public:
    /// When to look for the call, counted from the begin of the rest. A timer is set to `begin`; it
    /// will be late.
    struct Watch {
        std::uint64_t begin;
        std::uint64_t end;
    };

    /// A call ended a rest that took this long.
    void note(std::uint64_t rest) noexcept {
        std::move_backward(rests_.begin(), rests_.end() - 1, rests_.end());
        rests_.front() = rest;
        expected_ = guess();
    }

    /// Nothing if the rests have no beat.
    [[nodiscard]] std::optional<Watch> next() const noexcept {
        if (expected_ < shortest) {
            return std::nullopt;
        }
        const std::uint64_t margin = tolerance(expected_);
        return Watch{expected_ - margin - late_, expected_ + margin};
    }

    /// The timer woke the worker this long after the begin of a watch.
    void timer_was_late(std::uint64_t by) noexcept {
        late_ = late_ - late_ / 4 + std::min(by, most_late) / 4;
    }
    /// The call came this long after the begin of a watch, before the timer had woken the worker.
    void call_was_first(std::uint64_t by) noexcept { late_ = std::min(late_ + by / 2, most_late); }

private:
    using Rests = std::array<std::uint64_t, 8>;

    /// A shorter rest is not worth a timer.
    static constexpr std::uint64_t shortest = 1 * os::ms;
    /// How late the timer is assumed to be: at first, and at most.
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

    /// The expected rest, or 0. Looks at the rests that followed rests like the last one, or at all
    /// of them if there was none like it. If more than half of these, and at least two, are alike:
    /// their mean.
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
