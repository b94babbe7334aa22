#pragma once

#include <string>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

struct UnseenChild {
    pid_t pid = 0;          ///< 0 in the child, -1 and errno on failure
    bool is_child = false;  ///< of this process, which has to reap it
};

/// Forks a child for whose end the program gets no SIGCHLD, and which no wait() of the program
/// finds; in it every signal is as after an exec. `alone`: this process has one thread, and the
/// child makes no exec, which would make it an ordinary one. Otherwise atfork handlers run, and the
/// locks of libc are usable in the child. Block all signals first.
///
/// In the usual case the child is made by a clone without an end signal. Where that is refused
/// (emulators of other processors), where a debugger would take it for a thread, and where handlers
/// of others might run in a process that is not the program's, a child of this process forks it and
/// ends: for that moment the program could see that one. A process that adopts orphans, the first
/// of a container for example, gets an ordinary child instead, unless it is alone.
[[nodiscard]] UnseenChild fork_unseen(bool alone) noexcept;

/// Why that failed with this error, to be put behind "cannot do this": begins with a blank. Empty
/// when nothing more is known.
[[nodiscard]] std::string why_no_fork(int error);

}  // namespace os
PROCPOOL_END_NAMESPACE
