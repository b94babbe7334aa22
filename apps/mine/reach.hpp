#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "goal.hpp"

namespace mine {

/// How many suffixes of one length meet a goal.
struct Reach {
    std::uint32_t length = 0;
    /// The share of all suffixes of this length that meet the goal. 0 only if none does, 1 only if
    /// all do.
    double share = 0;
    /// False: the share is an estimate. An estimate is above 0 if each half of some hash that meets
    /// the goal is possible; that both are possible in one hash is not certain.
    bool exact = true;
};

/// The shares for every length from `shortest` to `longest`, for suffixes of letters of the
/// alphabet. For adler32 and crc32 only: they mix so little that suffixes of some lengths cannot
/// meet some goals.
///
/// Where a length has few suffixes, all of them are hashed. For the others, adler32: the
/// distribution of its two sums, computed letter by letter; of both sums together as long as that
/// takes some megabytes, then of each of them, within the bounds that one sets to the other. crc32:
/// the distribution of its upper 16 bits, which is that of an exclusive or of independent letters,
/// because crc32 is linear. Takes up to about a second and 80 MB.
[[nodiscard]] std::vector<Reach> reach(const Goal& goal, std::string_view base,
                                       std::string_view alphabet, std::uint32_t shortest,
                                       std::uint32_t longest);

}  // namespace mine
