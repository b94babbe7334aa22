#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// Starting processes, and what a fresh one does first.
namespace os {

/// True while this process has one thread. Reads /proc only when a second thread may ever have
/// existed.
[[nodiscard]] bool single_threaded() noexcept;

/// Forks a child that the program does not see: no SIGCHLD, invisible to wait(-1), no atfork
/// handlers. Only while single-threaded. In the child every signal is as after an exec. As fork: 0
/// in the child, -1 and errno on failure.
[[nodiscard]] pid_t clone_quietly() noexcept;

/// fork(2), with atfork handlers. As fork: 0 in the child, -1 and errno on failure.
[[nodiscard]] pid_t fork_process() noexcept;

/// Standard input becomes empty.
void empty_stdin() noexcept;

/// Replaces this process by a fresh start of its program, which inherits the descriptor `kept`.
/// Returns errno when that fails.
int start_program_anew(const char* const* arguments, int kept) noexcept;
/// Makes an inherited descriptor close-on-exec. False when there is none of that number.
bool keep_from_exec(int descriptor) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
