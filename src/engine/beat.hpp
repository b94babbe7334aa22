#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace procpool::engine {

/// When the next call comes, if calls come at regular times: what a worker learns from how long it
/// rested between the last ones. All times in nanoseconds. Three alike of the last five make a
/// beat, so that one call out of time does not end it.
class Beat {
public:
    /// When to look for the call, counted from the begin of the rest.
    struct Watch {
        std::uint64_t begin;
        std::uint64_t end;
    };

    /// A rest ended after so long, because a call came.
    void note(std::uint64_t rest) noexcept {
        rests_[next_++ % rests_.size()] = rest;
        std::array<std::uint64_t, 5> sorted = rests_;
        std::sort(sorted.begin(), sorted.end());
        expected_ = 0;
        std::uint64_t tightest = ~std::uint64_t{0};
        for (std::size_t i = 0; i + 2 < sorted.size(); ++i) {
            const std::uint64_t spread = sorted[i + 2] - sorted[i];
            if (spread <= tolerance(sorted[i + 1]) && spread < tightest) {
                tightest = spread;
                expected_ = sorted[i + 1];
            }
        }
    }

    /// None if the last rests had no beat.
    [[nodiscard]] std::optional<Watch> next() const noexcept {
        if (expected_ == 0) {
            return std::nullopt;
        }
        const std::uint64_t margin = tolerance(expected_);
        return Watch{expected_ - margin, expected_ + margin};
    }

private:
    /// Wide enough for the timers of a virtual machine, narrow enough that looking for the call
    /// costs a small share of the rest.
    static constexpr std::uint64_t tolerance(std::uint64_t rest) noexcept {
        constexpr std::uint64_t share = 100;
        constexpr std::uint64_t most = 100'000;
        return std::min(rest / share, most);
    }

    std::array<std::uint64_t, 5> rests_{};
    std::size_t next_ = 0;
    std::uint64_t expected_ = 0;
};

}  // namespace procpool::engine
