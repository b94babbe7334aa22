#pragma once

#include <optional>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// What /proc says about processes.
namespace os {

struct ProcessState {
    char state = 0;  ///< as ps shows it: 'R', 'S', 'T', ...
    pid_t parent = 0;
    long threads = 0;
};
/// The state of a process by its number in /proc, or "self". Nothing when there is no such process,
/// or no /proc.
[[nodiscard]] std::optional<ProcessState> state_of_process(const char* number) noexcept;

enum class RunState { running, stopped, gone };
/// Whether a process is stopped (Ctrl-Z, SIGSTOP).
[[nodiscard]] RunState run_state(pid_t pid) noexcept;

/// The children of a process, found by one pass over all processes: slow. Throws std::bad_alloc.
[[nodiscard]] std::vector<pid_t> children_in_table(pid_t parent);

}  // namespace os
PROCPOOL_END_NAMESPACE
