#pragma once

#include <cstdint>

/// The first block of Bitcoin: what its miner had, and what he found.
namespace genesis {

inline constexpr const char* header =
    "01000000"                                                          // version
    "0000000000000000000000000000000000000000000000000000000000000000"  // no block before it
    "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"  // its transactions
    "29ab5f49"                                                          // 3 January 2009, 18:15:05
    "ffff001d";                                                         // target
inline constexpr std::uint32_t nonce = 2083236893;
inline constexpr const char* hash =
    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

}  // namespace genesis
