#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "goal.hpp"

namespace mine {

/// What the suffixes of one length can do for a goal.
struct Reach {
    std::uint32_t length = 0;
    /// Of all suffixes of this length, the share that meets the goal. 0 only if none does, 1 only
    /// if all do.
    double share = 0;
    /// False: the share is an estimate. It is above 0 because each half of a hash that meets the
    /// goal can be had, not because it is known that they can be had together.
    bool exact = true;
};

/// Of adler32 and crc32, which mix so little that some goals cannot be met by some lengths: for
/// every length from `shortest` to `longest`, how many suffixes of letters of the alphabet do.
///
/// Lengths with few suffixes are counted out, hash by hash. For the others, adler32: the
/// distribution of its two sums, a letter after the other; together as long as that takes some
/// megabytes, then each of them with the bounds that the one sets to the other. crc32: the
/// distribution of its upper 16 bits, which by its linearity is that of an exclusive or of
/// independent letters. Takes up to about a second and 80 MB.
[[nodiscard]] std::vector<Reach> reach(const Goal& goal, std::string_view base,
                                       std::string_view alphabet, std::uint32_t shortest,
                                       std::uint32_t longest);

}  // namespace mine
