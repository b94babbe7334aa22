#pragma once

#include <cstdint>
#include <string_view>

#include "search.hpp"

namespace mine {

/// Computes what `search` keeps of the base for sha256: the state after its whole blocks, and the
/// bytes behind them.
void prepare_sha(Search& search, std::string_view base);

/// work_off() for sha256 and sha256d.
[[nodiscard]] Report search_sha(const Search& search, const Chunk& chunk, std::uint64_t wanted);
/// work_off() for the nonces of a block header.
[[nodiscard]] Report search_nonces(const Search& search, const Chunk& chunk, std::uint64_t wanted);

}  // namespace mine
