#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "goal.hpp"
#include "reach.hpp"

namespace mine {

// What adler_reach() and crc_reach() have in common.

/// For each value of the upper 16 bits of a checksum: the share of the lower 16 bits with which the
/// goal is met.
[[nodiscard]] std::vector<double> upper_shares(const Goal& goal);

/// Adds up the probabilities of suffixes that meet the goal and of those that do not. Both, so that
/// rounding cannot blur "none" and "all".
class Tally {
public:
    /// Suffixes of this probability, of which this share meets the goal.
    void add(double probability, double share);
    [[nodiscard]] Reach reach(std::uint32_t length) const;

private:
    double met_ = 0;
    double missed_ = 0;
    bool exact_ = true;
};

/// True if there are so few suffixes of this length that all of them can be hashed.
[[nodiscard]] bool can_be_counted(std::string_view alphabet, std::uint32_t length);
/// Hashes all suffixes of this length.
[[nodiscard]] Reach count_all(const Goal& goal, std::string_view base, std::string_view alphabet,
                              std::uint32_t length);

}  // namespace mine
