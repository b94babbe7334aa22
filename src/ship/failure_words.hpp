#pragma once

#include <chrono>
#include <string>

#include <procpool/detail/failure.hpp>

namespace procpool::detail {

/// describe(failure), of which the place is known: "parse_header (parse.cpp:41)", or nothing.
/// Throws std::bad_alloc.
[[nodiscard]] std::string describe_at(const Failure& failure, const std::string& place);

}  // namespace procpool::detail
