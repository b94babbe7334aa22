#pragma once

#include <cstdint>

#include "search.hpp"

namespace mine {

/// work_off() for adler32 and crc32.
[[nodiscard]] Report search_checksums(const Search& search, const Chunk& chunk,
                                      std::uint64_t wanted);

}  // namespace mine
