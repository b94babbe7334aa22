#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <vector>

namespace lecture {

using Seconds = std::chrono::duration<double>;

/// Starts when it is made.
class Stopwatch {
public:
    [[nodiscard]] double seconds() const { return Seconds(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_ = Clock::now();
};

/// How long `work` takes, once.
template <std::invocable F>
double timed(F&& work) {
    const Stopwatch watch;
    std::invoke(work);
    return watch.seconds();
}

/// The middle one; of an even number, the upper of the two.
inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// How long `work` takes: the median of so many times.
template <std::invocable F>
double median_of(int times, F&& work) {
    std::vector<double> seconds;
    seconds.reserve(static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) {
        seconds.push_back(timed(work));
    }
    return median(std::move(seconds));
}

/// How long `work` takes when nothing disturbs it: the least of so many times.
template <std::invocable F>
double least_of(int times, F&& work) {
    double least = timed(work);
    for (int i = 1; i < times; ++i) {
        least = std::min(least, timed(work));
    }
    return least;
}

}  // namespace lecture
