#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// What /proc says about processes.
namespace os {

struct ProcessState {
    pid_t number = 0;  ///< in /proc
    std::array<char, 16> name{};
    char state = 0;  ///< as ps shows it: 'R', 'S', 'T', ...
    pid_t parent = 0;
    pid_t group = 0;
    long threads = 0;
    std::uint64_t started = 0;  ///< ticks of the kernel's clock
};
/// The state of a process by its number in /proc, or "self". Nothing when there is no such process,
/// or no /proc.
[[nodiscard]] std::optional<ProcessState> state_of_process(const char* number) noexcept;
[[nodiscard]] std::optional<ProcessState> state_of_process(pid_t number) noexcept;

/// The processes of /proc are numbered as where it was mounted, which may be another PID namespace
/// than that of this process: then the same number means another process, or none. How many
/// namespaces lie between: 0 if the numbers are those of this process; nothing if it is not in
/// there.
[[nodiscard]] std::optional<std::size_t> depth_below_table() noexcept;
/// The number in this process's namespace of a process by its number in /proc. 0 if it has none.
[[nodiscard]] pid_t number_here(pid_t in_table, std::size_t depth) noexcept;

/// The number that a process, by its number in /proc, has for itself; 0 when /proc does not tell.
[[nodiscard]] pid_t own_number_of(pid_t in_table) noexcept;

enum class RunState { running, stopped, gone };
/// Whether a process is stopped (Ctrl-Z, SIGSTOP). Where /proc cannot tell, it is taken to run.
[[nodiscard]] RunState run_state(pid_t pid) noexcept;

/// Does a process wait in the kernel where no signal reaches it? Where /proc cannot tell, it is
/// taken to.
[[nodiscard]] bool is_uninterruptible(pid_t pid) noexcept;

/// The bytes of memory that a process, by its number in /proc, has for itself alone; 0 when /proc
/// does not tell. The kernel looks through all that it has: a millisecond for each GiB.
[[nodiscard]] std::size_t private_memory_of(pid_t in_table) noexcept;

/// All processes: slow. Throws std::bad_alloc.
[[nodiscard]] std::vector<ProcessState> processes_in_table();

}  // namespace os
PROCPOOL_END_NAMESPACE
