#pragma once

#include <cstddef>
#include <string>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// The bytes of memory that this process and those of its container may use together: the least
/// limit of its control groups, at most what the machine has. `root` is put before every path:
/// empty, or a directory of a test. Throws std::bad_alloc.
[[nodiscard]] std::size_t memory_of_container(const std::string& root = "");

}  // namespace os
PROCPOOL_END_NAMESPACE
