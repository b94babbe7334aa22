#pragma once

#include <cstdint>
#include <limits>

#include <CLI/CLI.hpp>

namespace procpool::cli {

// What the options of several commands have in common.

/// Checks that an option is a whole number from `least` to `most`. It sees the text before it is
/// converted, so that its message can say what the option takes.
[[nodiscard]] CLI::Validator whole(std::uint64_t least,
                                   std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

/// Adds --processes.
CLI::Option& add_processes(CLI::App& command, int& processes);

}  // namespace procpool::cli
