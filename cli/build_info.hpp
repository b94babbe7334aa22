#pragma once

#include <string>

namespace procpool::cli {

/// From what and how this program was built.
struct BuildInfo {
    std::string version;     ///< of procpool
    std::string commit;      ///< as `git describe` prints it; empty when there was no git
    std::string build_type;  ///< CMake's: Release, RelWithDebInfo, ...
    std::string sanitizers;  ///< as -fsanitize takes them; empty: none
    std::string compiler;
};

[[nodiscard]] const BuildInfo& build_info();

}  // namespace procpool::cli
