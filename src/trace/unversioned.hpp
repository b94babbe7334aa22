#pragma once

#include <string>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// The text with names as its reader would write them: "procpool::Pool" for "procpool::v0_1::Pool",
/// whose inline namespace is the version of this library. Throws std::bad_alloc.
[[nodiscard]] std::string unversioned(std::string name);

}  // namespace trace
PROCPOOL_END_NAMESPACE
