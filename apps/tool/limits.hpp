#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/resource.h>

namespace tool {

/// The limit that this process runs under (`ulimit`), such as RLIMIT_NOFILE. None: there is no
/// limit.
[[nodiscard]] std::optional<std::uint64_t> resource_limit(__rlimit_resource_t resource);

/// From now on, crashes of this process and of those that it starts leave no core file. For a
/// program that crashes workers on purpose.
void dump_no_core();

/// If a limit bounds the memory that processes can share: a sentence that says so, and what to do.
[[nodiscard]] std::optional<std::string> limit_of_shared_memory();

}  // namespace tool
