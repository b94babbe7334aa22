#pragma once

#include <optional>
#include <string>
#include <vector>

namespace procpool::cli {

/// What the CPUs of a machine are parts of. 0: not known.
struct Topology {
    int packages = 0;  ///< chips
    int cores = 0;
    int cpus = 0;        ///< hardware threads: what the system calls a CPU
    int numa_nodes = 0;  ///< memories
    std::vector<std::vector<int>> cpus_of_cores{};  ///< by their numbers
    std::string source;                             ///< who says so
};

/// Of this machine as hwloc sees it, or of a synthetic one ("package:1 core:4 pu:2"). None when
/// this program was built without hwloc, or hwloc cannot tell.
[[nodiscard]] std::optional<Topology> topology_by_hwloc(const std::string& synthetic = {});

}  // namespace procpool::cli
