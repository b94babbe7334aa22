#pragma once

#include <procpool/detail/namespace.hpp>

#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// Calls function(argument). When an exception leaves it, `thrown_at` says where it was thrown: the
/// stack of the innermost throw or rethrow that the call did not catch itself. Exceptions that are
/// caught inside cost nothing. Stacks that are captured meanwhile end with what it called. Where
/// this needs what the platform does not have, `thrown_at` stays as it is. Used by one thread of a
/// process at a time.
[[gnu::hot]] void call_watching_throws(void (*function)(void*), void* argument,
                                       Backtrace& thrown_at);

}  // namespace trace
PROCPOOL_END_NAMESPACE
