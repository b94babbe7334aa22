#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>

namespace procpool::cli {

/// Checks that an option is a whole number from `least` to `most`, before it is converted, and says
/// so where it is not.
[[nodiscard]] CLI::Validator whole(std::uint64_t least, std::uint64_t most);

}  // namespace procpool::cli
