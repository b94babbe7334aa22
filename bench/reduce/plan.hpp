#pragma once

#include <cstddef>

#include "../measure.hpp"

namespace bench {

inline constexpr std::size_t reduced = 10'000'000;
inline constexpr Plan reduce_plan{.samples = 20, .warmup = 3};

/// What is added up: cheap beside reading it from memory.
inline double squared_and_one(double x) { return x * x + 1; }

}  // namespace bench
