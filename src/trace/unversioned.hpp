#pragma once

#include <string>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// Names as the reader of a message would write them, without the version that is an inline
/// namespace of procpool.
namespace trace {

/// "procpool::v0_1::Pool": "procpool::Pool", wherever it occurs.
[[nodiscard]] std::string unversioned(std::string name);

}  // namespace trace
PROCPOOL_END_NAMESPACE
