#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "search.hpp"

namespace mine {

inline constexpr std::size_t header_size = 76;  // bytes before the nonce

/// The search for the nonce of a Bitcoin block: the sha256d of the header, read backwards, must be
/// at most the target that the field "bits" of the header encodes. `hex`: the 76 bytes before the
/// nonce. Throws ImpossibleGoal when that is not a header, or its target makes no sense.
[[nodiscard]] Search header_search(std::string_view hex);

/// The share of all hashes that are at most the target.
[[nodiscard]] double header_share(const Search& search);

/// The hash of the header with this nonce (4 bytes), backwards as Bitcoin writes it. Computed from
/// scratch.
[[nodiscard]] std::string header_digest(std::string_view hex, std::string_view nonce);

/// True if a hash, in hexadecimal and backwards, is at most the target.
[[nodiscard]] bool meets_target(const Search& search, std::string_view hash);

/// The target, written like a hash.
[[nodiscard]] std::string target_text(const Search& search);

}  // namespace mine
