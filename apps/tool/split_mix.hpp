#pragma once

#include <cstdint>

namespace tool {

/// Random numbers that are the same on every machine: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
/// Its state is a counter, so any later number can be computed directly.
class SplitMix64 {
public:
    explicit constexpr SplitMix64(std::uint64_t state) : state_(state) {}

    constexpr std::uint64_t next() { return mixed(state_ += step); }
    /// As `numbers` calls of next().
    constexpr void skip(std::uint64_t numbers) { state_ += step * numbers; }

    /// A number with all bits of `z` spread over all of its own.
    [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

private:
    static constexpr std::uint64_t step = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio

    std::uint64_t state_;
};

}  // namespace tool
