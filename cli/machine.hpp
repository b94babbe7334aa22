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
    std::vector<std::vector<int>> cores{};  ///< the allowed CPUs, by core
    std::optional<int> quota{};             ///< of the control groups (see cpu_quota())
    Topology topology{};

    /// How many workers a Pool{} has.
    [[nodiscard]] int usable() const;
    /// Why it has so many: one sentence.
    [[nodiscard]] std::string why() const;
    /// What the hardware threads of a core mean for a pool: one sentence.
    [[nodiscard]] std::string about_threads() const;
};

/// A limit of the system that a pool can reach.
struct Limit {
    std::string name;
    std::optional<std::uint64_t> value{};  ///< none: no limit
    std::string unit{};                    ///< "processes", "bytes", "files", or empty
    std::string meaning;                   ///< what it means for a pool
};

// `root` is put before the path of every file that is read: empty, or a directory of a test.

/// The CPUs, for a process that may run on the `allowed` ones. Packages and cores come from
/// `topology`, or else from the files of the system.
[[nodiscard]] Cpus look_at_cpus(const std::string& root, const std::vector<int>& allowed,
                                std::optional<Topology> topology = {});
[[nodiscard]] std::vector<Limit> look_at_limits(const std::string& root);

/// Where core dumps go: a file name, or a program behind '|'. Empty when it cannot be read.
[[nodiscard]] std::string core_pattern(const std::string& root);

/// "0-3,8"
[[nodiscard]] std::string list_text(const std::vector<int>& cpus);

/// "20,000 processes", "1.5 GiB", "no limit"
[[nodiscard]] std::string limit_text(const Limit& limit);

}  // namespace procpool::cli
