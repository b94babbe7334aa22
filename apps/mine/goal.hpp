#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "hash.hpp"

namespace mine {

/// The goal makes no sense, or no hash can meet it. what() says why, and what to do.
struct ImpossibleGoal : std::runtime_error {
    using runtime_error::runtime_error;
};

/// Numbers from `first` to `last`, both included.
struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

/// The ranges of which the leading number of a hash (see leading_number) must be in one.
struct Goal {
    Hash hash = Hash::adler32;
    std::vector<Range> ranges{};  ///< ascending, not overlapping; at most 10
    std::string text{};           ///< "begins with 0 in hexadecimal"

    [[nodiscard]] bool met_by(std::uint64_t leading) const;
    /// The share of all numbers that meet it. Of the hashes of a good hash function, about this
    /// share meets it too.
    [[nodiscard]] double share() const;
};

/// A hash whose digits begin with `prefix`, in hexadecimal of fixed width or in decimal without
/// leading zeros. Throws ImpossibleGoal.
[[nodiscard]] Goal hex_goal(Hash hash, std::string_view prefix);
[[nodiscard]] Goal decimal_goal(Hash hash, std::string_view prefix);

/// A hash whose first `bits` bits are 0. Throws ImpossibleGoal.
[[nodiscard]] Goal zero_bits_goal(Hash hash, int bits);

}  // namespace mine
