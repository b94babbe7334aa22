#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// fork(2) in a program with threads: atfork handlers run, and the locks of libc are usable in the
/// child. But the child is not a child of this process: no SIGCHLD tells of its end, and no wait()
/// of the program finds it. As fork: 0 in the child, its pid in the caller, -1 and errno on
/// failure. Block all signals first.
///
/// Exceptions: a program that is a subreaper or the first process of a container does get the child
/// as its own, and on processors other than x86-64 and AArch64 every program does.
[[nodiscard]] pid_t fork_unseen() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
