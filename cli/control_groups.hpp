#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace procpool::cli {

// What the control groups of this process allow: the least of what its own group and the groups
// above it say, in every hierarchy of version 1 or 2 that has the controller. None: no limit.
// `root` is put before every path: empty, or a directory of a test.

/// How many CPUs the quota is worth, rounded up.
[[nodiscard]] std::optional<int> cpu_quota(const std::string& root);

/// The processes that there may be, threads included.
[[nodiscard]] std::optional<std::uint64_t> process_limit(const std::string& root);

/// Bytes.
[[nodiscard]] std::optional<std::uint64_t> memory_limit(const std::string& root);

}  // namespace procpool::cli
