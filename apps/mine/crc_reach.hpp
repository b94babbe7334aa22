#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "goal.hpp"
#include "reach.hpp"

namespace mine {

/// reach() for crc32.
[[nodiscard]] std::vector<Reach> crc_reach(const Goal& goal, std::string_view base,
                                           std::string_view alphabet, std::uint32_t shortest,
                                           std::uint32_t longest);

}  // namespace mine
