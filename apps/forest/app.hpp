#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "errors.hpp"
#include "grid.hpp"

namespace forest {

/// The options of the command, as they were written.
struct Request {
    std::string data;
    std::string target;
    std::vector<std::string> features{};
    std::vector<std::string> grid{std::string(default_grid)};
    std::uint32_t trees = 100;
    std::uint32_t folds = 5;
    std::uint64_t seed = 0;
    int processes = 0;
    double timeout = 0;  ///< seconds, of a fit; 0: none
    std::size_t crashes = 0;
    bool json = false;
    std::string plot{};  ///< a file; empty: none
};

/// The whole command: reads, works on a pool of processes, writes to standard output and, in one
/// line, to stderr what went wrong. Ctrl-C ends the work early; what was found till then is
/// written. Never throws.
[[nodiscard]] Exit run(const Request& request) noexcept;

}  // namespace forest
