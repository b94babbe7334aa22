#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// What runs in a program when it forks.
namespace os {

/// pthread_atfork(3): 0, or an errno. Leaves no reference to that function in the program, which
/// would look like a handler of others.
int at_fork(void (*prepare)(), void (*parent)(), void (*child)()) noexcept;

/// May code that is not of this library have handlers that a fork() runs? It has if it refers to
/// the function that registers them. What that refers to is not known of a program without dynamic
/// linking: true.
[[nodiscard]] bool others_may_run_at_fork();

}  // namespace os
PROCPOOL_END_NAMESPACE
