#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <vector>

#include "tool/stopwatch.hpp"

namespace lecture {

using Seconds = std::chrono::duration<double>;

/// How long `work` takes, in seconds: called once.
template <std::invocable F>
double timed(F&& work) {
    const tool::Stopwatch watch;
    std::invoke(work);
    return watch.seconds();
}

/// The median; of an even number of values, the upper one of the two in the middle.
inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The median of several calls.
template <std::invocable F>
double median_of(int times, F&& work) {
    std::vector<double> seconds;
    seconds.reserve(static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) {
        seconds.push_back(timed(work));
    }
    return median(std::move(seconds));
}

/// The least of several calls: how long `work` takes when nothing disturbs it.
template <std::invocable F>
double least_of(int times, F&& work) {
    double least = timed(work);
    for (int i = 1; i < times; ++i) {
        least = std::min(least, timed(work));
    }
    return least;
}

}  // namespace lecture
