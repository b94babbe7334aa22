#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grid.hpp"
#include "tool/exit.hpp"

namespace forest {

/// The options of the command, as the user wrote them.
struct Request {
    std::string data;
    std::string target;
    std::vector<std::string> features{};
    std::vector<std::string> grid{std::string(default_grid)};
    std::uint32_t trees = 100;
    std::uint32_t folds = 5;
    std::uint64_t seed = 0;
    int processes = 0;   ///< 0: the CPUs that may be used
    double timeout = 0;  ///< of a fit, in seconds; 0: none
    std::size_t crashes = 0;
    bool json = false;
    std::optional<std::string> plot{};  ///< the file for the picture
};

/// The whole command: reads the file, works on a pool of processes, and writes to standard output.
/// Ctrl-C, or a fit that fails, ends the work early; what was found until then is written. Throws
/// tool::BadUsage and tool::SystemLimit; throws tool::Stopped after the writing.
[[nodiscard]] tool::Exit run(const Request& request);

}  // namespace forest
