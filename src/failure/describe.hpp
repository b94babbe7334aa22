#pragma once

#include <chrono>
#include <string>

#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>

#include "trace/symbols.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// describe(failure) with the place where it happened: "parse_header (parse.cpp:41)", or nothing.
/// Throws std::bad_alloc.
[[gnu::cold, nodiscard]] std::string describe_at(const Failure& failure, const std::string& place);

/// Where it happened. Looks up the names of a stack: may take milliseconds. Throws std::bad_alloc.
[[nodiscard]] trace::Trace trace_of(const Failure& failure);

/// "1.5 s". Throws std::bad_alloc.
[[nodiscard]] std::string in_words(std::chrono::nanoseconds time);

}  // namespace detail
PROCPOOL_END_NAMESPACE
