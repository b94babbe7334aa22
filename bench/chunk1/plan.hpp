#pragma once

#include <cstddef>
#include <vector>

#include "../measure.hpp"

namespace bench {

inline constexpr std::size_t item_count = 200'000;
inline constexpr Plan chunk1_plan{.samples = 20, .warmup = 3};

/// Turns seconds per map into seconds per item.
inline std::vector<double> per_item(std::vector<double> samples) {
    for (double& sample : samples) {
        sample /= static_cast<double>(item_count);
    }
    return samples;
}

}  // namespace bench
