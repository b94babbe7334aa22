#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Children: found, and reaped when they have ended.
namespace os {

/// How a process ended.
struct Ending {
    pid_t pid = 0;
    int signal = 0;                 ///< 0 if it exited
    int status = 0;                 ///< its exit status
    std::uint64_t peak_memory = 0;  ///< bytes that it held at most; 0 if that is not known
};

/// The next child that ended and waits to be reaped, without reaping it; 0 if none.
[[gnu::hot]] [[nodiscard]] pid_t next_ended_child() noexcept;
/// Has a child ended that this thread started, or that this process adopted?
[[gnu::hot]] [[nodiscard]] bool has_ended_child_of_thread() noexcept;
/// Is it a child that has ended and waits to be reaped?
[[nodiscard]] bool is_ended_child(pid_t pid) noexcept;
/// Is it in another session than this process? Then it made itself a daemon.
[[nodiscard]] bool left_session(pid_t child) noexcept;
/// Reaps a child that has ended, one of clone_quietly too. Its `pid` is 0 if there was none to
/// reap.
Ending reap(pid_t pid) noexcept;

/// Waits for the end of a child, and leaves it to be reaped. Returns at once if it is none.
void await_end(pid_t pid) noexcept;
/// Reaps a child if it has ended. False if it still runs.
bool reap_if_ended(pid_t pid) noexcept;
/// Waits for the end of a child, at most until that time of the monotonic clock, in ns, and reaps
/// it. False if it has not ended, as what the kernel cannot end, or is no child.
bool reap_until(pid_t pid, std::uint64_t until) noexcept;
/// Reaps the process behind a pidfd if it is a child, once it has ended: at once, or `wait`s. Does
/// nothing if it is none, or was reaped already, whoever has its number now.
void reap(const Fd& pidfd, bool wait) noexcept;

/// Waits until a child stands still that was sent SIGSTOP, or has ended; at most until that time of
/// the monotonic clock, in ns. One that is traced may stand still and not say so.
void await_stop(pid_t pid, std::uint64_t until) noexcept;

/// Is it a child of this process, not reaped yet? As long as nobody else here reaps, its number is
/// that of no other process.
[[nodiscard]] bool is_child(pid_t pid) noexcept;
/// Has a child of this process ended, or does no process have this number?
[[nodiscard]] bool is_gone(pid_t pid) noexcept;

/// Orphans among the descendants of this process become its children.
void adopt_orphans() noexcept;

/// Finds the children of this (single-threaded) process. Keeps a descriptor for the kernel's list
/// of them, so that it can be read even when no other descriptor is to be had.
class Children {
public:
    Children() noexcept;

    /// All of them, those that have ended too, and perhaps others: /proc tells of them, which may
    /// be that of another PID namespace. One system call when there is none. Nothing when they
    /// cannot be looked up at the moment.
    [[nodiscard]] std::optional<std::vector<pid_t>> find();

    /// Closes what it keeps, in a forked child that is to find none.
    void close() noexcept;

private:
    std::optional<std::size_t> depth_;  // of this process in /proc, when the list was opened
    Fd list_;
    Fd reserved_;  // a descriptor kept free until the list is opened
};

}  // namespace os
PROCPOOL_END_NAMESPACE
