#pragma once

#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

/// What the cases map, and over what: the functions of the lecture.
namespace bench {

/// The lecture's `subtract`: waits, then squares.
inline double slow_square(double x, std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
    return x * x;
}

/// An item that costs nothing: the benchmark measures everything else.
inline double square(double x) { return x * x; }

inline std::vector<double> numbers(std::size_t count) {
    std::vector<double> data(count);
    for (std::size_t i = 0; i < count; ++i) {
        data[i] = 0.5 + static_cast<double>(i);
    }
    return data;
}

}  // namespace bench
