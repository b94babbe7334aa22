#pragma once

#include <optional>
#include <string>
#include <vector>

namespace procpool::cli {

/// The packages, cores and CPUs of a machine. 0: not known.
struct Topology {
    int packages = 0;  ///< chips
    int cores = 0;
    int cpus = 0;        ///< hardware threads: what the system calls a CPU
    int numa_nodes = 0;  ///< memories
    std::vector<std::vector<int>> cpus_of_cores{};  ///< the numbers of the CPUs of each core
    std::string source;                             ///< where all this comes from
};

/// The topology of this machine as hwloc sees it, or of a synthetic one ("package:1 core:4 pu:2").
/// None when this program was built without hwloc, or hwloc fails.
[[nodiscard]] std::optional<Topology> topology_by_hwloc(const std::string& synthetic = {});

}  // namespace procpool::cli
