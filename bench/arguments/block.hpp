#pragma once

#include <cstddef>
#include <vector>

namespace bench {

inline constexpr std::size_t block_bytes = 1 << 20;
inline constexpr std::size_t block_count = 16;  // in a map
using Vector = std::vector<double>;

inline Vector block() { return Vector(block_bytes / sizeof(double), 1.5); }

/// Looks at both ends of the block: the benchmark measures how it got there.
inline double ends(const Vector& block) { return block.front() + block.back(); }

/// Turns seconds per call, of `count` blocks, into seconds per block.
inline std::vector<double> per_block(std::size_t count, std::vector<double> samples) {
    for (double& sample : samples) {
        sample /= static_cast<double>(count);
    }
    return samples;
}

}  // namespace bench
