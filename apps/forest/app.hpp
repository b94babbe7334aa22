#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grid.hpp"
#include "tool/exit.hpp"

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
    int processes = 0;   ///< 0: the CPUs that may be used
    double timeout = 0;  ///< seconds, of a fit; 0: none
    std::size_t crashes = 0;
    bool json = false;
    std::optional<std::string> plot{};  ///< a file
};

/// The whole command: reads, works on a pool of processes, writes to standard output. Ctrl-C ends
/// the work early, as a fit that fails does; what was found till then is written. Throws
/// tool::BadUsage and tool::SystemLimit, and tool::Stopped after the writing.
[[nodiscard]] tool::Exit run(const Request& request);

}  // namespace forest
