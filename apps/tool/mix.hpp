#pragma once

#include <cstdint>

namespace tool {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a counter that goes on by `golden`, and `mixed` of
// it. The n-th number can be had directly, and it is the same on every machine.

inline constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace tool
