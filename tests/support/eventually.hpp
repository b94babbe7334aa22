#pragma once

#include <atomic>
#include <chrono>

/// Waiting for what another thread or process does: never without a bound, and never asleep for
/// long.
namespace support {

using Clock = std::chrono::steady_clock;

/// Within this time everything happens that should, on a busy machine and under a sanitizer too.
inline constexpr std::chrono::seconds patience{30};

[[nodiscard]] double milliseconds(Clock::duration duration);

/// So much time from now on.
class Bound {
public:
    explicit Bound(Clock::duration time) : end_(Clock::now() + time) {}

    /// Sleeps for a moment. False, at once, if the time is over.
    [[nodiscard]] bool pause() const;

private:
    Clock::time_point end_;
};

/// Looks until the condition holds, at most so long. True if it came to hold.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition, Clock::duration time = patience) {
    for (const Bound bound(time);;) {
        if (condition()) {
            return true;
        }
        if (!bound.pause()) {
            return condition();
        }
    }
}

/// Throws std::runtime_error that says what did not happen.
[[noreturn]] void give_up(const char* what);

/// Waits until the condition holds; for tasks and threads, which have no other way to say that it
/// did not. Throws std::runtime_error when the patience is over.
template <class Condition>
requires requires(Condition& condition) { static_cast<bool>(condition()); }
void await(Condition&& condition, const char* what) {
    if (!eventually(condition)) {
        give_up(what);
    }
}

using Counter = std::atomic<int>;

/// Waits until the counter is at least `value`. Throws std::runtime_error when the patience is
/// over.
void await(const Counter& counter, int value = 1);
/// Waits until the flag is set. Throws std::runtime_error when the patience is over.
void await(const std::atomic<bool>& flag);

}  // namespace support
