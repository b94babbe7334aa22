#pragma once

#include <string>
#include <vector>

namespace procpool::cli {

// What the system says about its CPUs. `root` is put before every path: empty, or a directory of a
// test.

/// The CPUs that are online; empty when the system does not tell.
[[nodiscard]] std::vector<int> online_cpus(const std::string& root);

/// The cores to which these CPUs belong, each a list of those CPUs. A CPU of which the system does
/// not tell is a core of its own.
[[nodiscard]] std::vector<std::vector<int>> cores_of(const std::string& root,
                                                     const std::vector<int>& cpus);

/// The CPUs that this process may run on, ascending; empty when the system does not tell.
[[nodiscard]] std::vector<int> cpus_by_affinity();

}  // namespace procpool::cli
