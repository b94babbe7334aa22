#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../measure.hpp"

/// What is shipped, and what a worker makes of it: it looks at the value and gives it back, so that
/// each value crosses twice.
namespace bench {

struct Reading {
    int sensor = 0;
    double value = 0;
    std::string unit;
};

inline constexpr std::size_t small_count = 10'000;     // strings, structs
inline constexpr std::size_t large_count = 1'000'000;  // numbers

inline std::vector<std::string> strings() {
    return std::vector<std::string>(small_count, std::string(32, 'x'));
}
inline std::vector<Reading> readings() {
    return std::vector<Reading>(small_count, Reading{7, 21.5, "degrees Celsius"});
}
inline std::vector<double> many_numbers() { return std::vector<double>(large_count, 1.5); }

/// Turns seconds per call, of `count` values, into seconds per value.
inline std::vector<double> per_value(std::size_t count, std::vector<double> samples) {
    for (double& sample : samples) {
        sample /= static_cast<double>(count);
    }
    return samples;
}

}  // namespace bench
