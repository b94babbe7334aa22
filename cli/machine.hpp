#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "topology.hpp"

namespace procpool::cli {

/// What decides how many workers a Pool{} has.
struct Cpus {
    int online = 0;
    std::vector<int> allowed{};             ///< by the affinity mask (taskset, cpusets)
    std::vector<std::vector<int>> cores{};  ///< of the allowed CPUs, by core
    std::optional<int> quota{};             ///< of the control groups, in CPUs, rounded up
    Topology topology{};

    /// The workers of a Pool{}.
    [[nodiscard]] int usable() const;
    /// Why it is so many: one sentence.
    [[nodiscard]] std::string why() const;
    /// What the hardware threads of a core mean for a pool: one sentence.
    [[nodiscard]] std::string about_threads() const;
};

/// What a pool can run into.
struct Limit {
    std::string name;
    std::optional<std::uint64_t> value{};  ///< none: there is no limit
    std::string unit{};                    ///< "processes", "bytes", "files", or empty
    std::string meaning;                   ///< for a pool
};

/// As the files below `root` (empty, or a directory of a test) tell, for a process that may run on
/// these CPUs. What they are parts of comes from `topology`, if there is one.
[[nodiscard]] Cpus look_at_cpus(const std::string& root, const std::vector<int>& allowed,
                                std::optional<Topology> topology = {});
[[nodiscard]] std::vector<Limit> look_at_limits(const std::string& root);

/// The CPUs that this process may run on, ascending.
[[nodiscard]] std::vector<int> cpus_by_affinity();

/// Where core dumps go: a file name, or a program behind '|'; empty if that is not to be read.
[[nodiscard]] std::string core_pattern(const std::string& root);

/// "0-3,8"
[[nodiscard]] std::string list_text(const std::vector<int>& cpus);

/// "20,000 processes", "1.5 GiB", "no limit"
[[nodiscard]] std::string limit_text(const Limit& limit);

}  // namespace procpool::cli
