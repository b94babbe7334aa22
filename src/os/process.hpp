#pragma once

#include <cstddef>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// This process: its number, its group, its limits, its end.
namespace os {

struct Ending;

/// Async-signal-safe.
[[nodiscard]] pid_t own_pid() noexcept;
/// The number of this thread, in the first thread that of the process. Async-signal-safe.
[[nodiscard]] pid_t own_thread() noexcept;
[[nodiscard]] pid_t parent_pid() noexcept;

/// A variable of the environment; null if there is none, and in a program that has more rights than
/// whoever started it.
[[nodiscard]] const char* environment_variable(const char* name) noexcept;

/// Asks for SIGKILL when the parent's (only) thread ends.
void die_with_parent() noexcept;
void lead_own_group() noexcept;
/// Makes a child the leader of a group of its own, if it has not done so itself yet.
void make_group_leader(pid_t child) noexcept;

/// What `ps` and `top` call this process and those that it forks: at most 15 characters are shown.
void name_process(const char* name) noexcept;
/// If memory runs out, the kernel ends this process before others that hold up to `permille` of it
/// more.
void offer_to_memory_killer(int permille) noexcept;

/// From here on the private memory of this process may grow by so many bytes. Beyond that,
/// allocations fail.
void limit_growth(std::size_t bytes) noexcept;
/// Undoes limit_growth.
void lift_growth_limit() noexcept;

/// Does not return.
[[noreturn]] void wait_to_be_killed() noexcept;

/// Ends this process as that one ended, but without a core dump of its own. What has no number
/// ended in a way that is not known: a failure.
[[noreturn]] void end_process_like(const Ending& ending) noexcept;

/// Ends this process at once: no atexit handler, no destructor.
[[noreturn]] void end_process(int status) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
