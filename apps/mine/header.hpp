#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "search.hpp"

namespace mine {

inline constexpr std::size_t header_size = 76;  // bytes before the nonce

/// The search for the nonce of a Bitcoin block: its double sha256, read backwards, must be at most
/// the target that the header's own field "bits" encodes. `hex`: the 76 bytes before the nonce.
/// Throws ImpossibleGoal when it is no header or no target.
[[nodiscard]] Search header_search(std::string_view hex);

/// The share of all hashes that are at most the target.
[[nodiscard]] double header_share(const Search& search);

/// The hash of the header with this nonce, which is its 4 bytes; backwards, as it is written. From
/// scratch.
[[nodiscard]] std::string header_digest(std::string_view hex, std::string_view nonce);

/// True if such a hash is at most the target.
[[nodiscard]] bool meets_target(const Search& search, std::string_view hash);

/// The target as a hash is written.
[[nodiscard]] std::string target_text(const Search& search);

}  // namespace mine
