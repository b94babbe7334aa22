#pragma once

#include <procpool/detail/namespace.hpp>

#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// Calls function(argument). When an exception leaves it, `thrown_at` says where it was thrown: the
/// stack of the last throw or rethrow that was not caught inside. Exceptions that are caught inside
/// cost nothing. Stacks that are captured meanwhile end at this call. On a platform where this does
/// not work `thrown_at` stays as it is. For one thread of a process at a time.
[[gnu::hot]] void call_watching_throws(void (*function)(void*), void* argument,
                                       Backtrace& thrown_at);

}  // namespace trace
PROCPOOL_END_NAMESPACE
