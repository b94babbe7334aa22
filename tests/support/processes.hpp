#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// The kernel's process table, as /proc tells of it.
namespace support {

/// A line of the process table.
struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    char state = '?';

    [[nodiscard]] bool runs() const { return state != 'Z' && state != 'X'; }
};

[[nodiscard]] std::optional<Process> look_up(pid_t pid);
[[nodiscard]] std::vector<pid_t> all_pids();

/// In the process table at all, be it as a zombie.
[[nodiscard]] bool exists(pid_t pid);
[[nodiscard]] bool runs(pid_t pid);
/// Runs and was not told by SIGKILL to end: it may do something yet.
[[nodiscard]] bool may_act(pid_t pid);
[[nodiscard]] bool is_stopped(pid_t pid);

/// Those of a process, zombies too.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
/// Those of this process.
[[nodiscard]] std::vector<pid_t> own_children();
/// The workers of a client's pools: the children of its fork servers.
[[nodiscard]] std::vector<pid_t> workers_of(pid_t client);

/// Sends SIGKILL to a process unless it has ended, or is no child of `parent`: its number may be
/// somebody else's by now. True if it was sent.
bool kill_child(pid_t pid, pid_t parent);

/// The processes that run with `mark` in the environment with which they, or whoever they were
/// forked off, were started: nothing that a process does with groups, sessions and parents hides
/// it.
[[nodiscard]] std::vector<pid_t> marked_with(const std::string& mark);

/// It sleeps, and does not wake for so long.
[[nodiscard]] bool rests(pid_t pid, std::chrono::steady_clock::duration time);
/// How often it went to sleep.
[[nodiscard]] long sleeps(pid_t pid);
/// How long it has computed so far.
[[nodiscard]] std::chrono::nanoseconds cpu_time(pid_t pid);

/// What a process could leak: what this one has now.
struct Holdings {
    Holdings();

    std::vector<std::string> descriptors;
    std::size_t mappings = 0;
    std::vector<pid_t> children;
    std::size_t threads = 0;

    friend bool operator==(const Holdings&, const Holdings&) = default;
    friend void PrintTo(const Holdings& held, std::ostream* out);
};

}  // namespace support
