#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../measure.hpp"

namespace bench {

inline constexpr Plan strings_plan{.samples = 30, .batch = 2, .warmup = 5};

/// 64 MiB in 64 strings.
inline std::vector<std::string> strings() {
    return std::vector<std::string>(64, std::string(std::size_t{1} << 20U, 'x'));
}

}  // namespace bench
