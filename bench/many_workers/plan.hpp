#pragma once

#include <chrono>
#include <cstddef>

#include "../measure.hpp"

namespace bench {

inline constexpr std::size_t many = 256;
inline constexpr std::size_t items_of_many = 100 * many;
inline constexpr std::chrono::milliseconds pause_of_many{10};  // 100 items per worker: 1 s is ideal
inline constexpr Plan many_plan{.samples = 3};

}  // namespace bench
