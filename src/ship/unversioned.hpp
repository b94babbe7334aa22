#pragma once

#include <string>

/// Names as the reader of a message would write them, without the version that is an inline
/// namespace of procpool.
namespace procpool::ship {

/// "procpool::v0_1::Pool": "procpool::Pool", wherever it occurs.
[[nodiscard]] std::string unversioned(std::string name);

}  // namespace procpool::ship
