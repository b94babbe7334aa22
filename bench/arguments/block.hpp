#pragma once

#include <cstddef>
#include <vector>

namespace bench {

inline constexpr std::size_t block_bytes = 1 << 20;
using Vector = std::vector<double>;

inline Vector block() { return Vector(block_bytes / sizeof(double), 1.5); }

/// Looks at both ends of the block: what is measured is how it got there.
inline double ends(const Vector& block) { return block.front() + block.back(); }

}  // namespace bench
