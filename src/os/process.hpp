#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include "os/fd.hpp"

namespace procpool::os {

/// How a process ended.
struct Ending {
    pid_t pid = 0;
    int signal = 0;  ///< 0 if it exited
    int status = 0;  ///< its exit status
};

/// True while this process has one thread. Reads /proc only when a second thread may ever have
/// existed.
[[nodiscard]] bool single_threaded() noexcept;

/// Forks without telling anyone: no SIGCHLD, invisible to wait(-1), no atfork handlers; only while
/// single-threaded. In the child every signal is as after an exec. As fork: 0 in the child, -1 and
/// errno on failure.
[[nodiscard]] pid_t clone_quietly() noexcept;

/// fork(2), with atfork handlers. As fork: 0 in the child, -1 and errno on failure.
[[nodiscard]] pid_t fork_process() noexcept;

[[nodiscard]] pid_t own_pid() noexcept;

/// A descriptor that polls readable when the process ends. Empty and errno on failure.
[[nodiscard]] Fd open_pidfd(pid_t pid) noexcept;

/// True once the process behind a pidfd has ended (reaped or not).
[[nodiscard]] bool has_ended(const Fd& pidfd) noexcept;
/// Blocks until the process behind a pidfd ends, or `timeout_ms`. True if it ended.
bool wait_for_end(const Fd& pidfd, int timeout_ms) noexcept;

/// The next child that ended and waits to be reaped, without reaping it; 0 if none.
[[nodiscard]] pid_t next_ended_child() noexcept;
/// Reaps a child that has ended; works for quiet children too. pid is 0 if there was none to reap.
Ending reap(pid_t pid) noexcept;

/// Reaps a child if it has ended. False if it runs still.
bool reap_if_ended(pid_t pid) noexcept;

void send_signal(pid_t pid, int signal) noexcept;
/// To every member of a process group.
void send_signal_to_group(pid_t group, int signal) noexcept;

/// Finds the children of this (single-threaded) process. Keeps a file for the kernel's list of
/// them, so that it can be read when there is no room for another.
class Children {
public:
    Children() noexcept;

    /// Running or not. One system call when there is none. Nothing when they cannot be looked up at
    /// the moment.
    [[nodiscard]] std::optional<std::vector<pid_t>> find();

private:
    Fd list_;
    Fd reserved_;  // until the list is opened
};

/// Orphans below this process become its children.
void adopt_orphans() noexcept;
/// Asks for SIGKILL when the parent's (only) thread ends.
void die_with_parent() noexcept;
void lead_own_group() noexcept;
/// Makes a child the leader of a group of its own, in case it has not done so itself yet.
void make_group_leader(pid_t child) noexcept;

enum class RunState { running, stopped, gone };
/// Whether a process is stopped (Ctrl-Z, SIGSTOP).
[[nodiscard]] RunState run_state(pid_t pid) noexcept;
[[nodiscard]] pid_t parent_pid() noexcept;

/// Every signal as after an exec: handlers become defaults, what is ignored stays so.
void reset_signal_handlers() noexcept;
/// Children are to be reaped and told of by SIGCHLD. True if it was ignored.
bool take_notice_of_children() noexcept;
void ignore_children() noexcept;
/// A group in the background may write to its terminal and set it; reading fails instead of
/// stopping.
void ignore_terminal_stops() noexcept;
void block_all_signals() noexcept;
void unblock_all_signals() noexcept;

/// Delivers (blocked) SIGCHLD. Empty and errno on failure.
[[nodiscard]] Fd make_signalfd() noexcept;
/// The next signal waiting there, 0 if none.
[[nodiscard]] int read_signal(const Fd& signals) noexcept;

/// Standard input becomes empty.
void empty_stdin() noexcept;

/// The CPU this thread runs on; -1 if unknown. No system call.
[[gnu::hot]] [[nodiscard]] int own_cpu() noexcept;
/// Moves this thread off the CPU it runs on, if it may use another one.
void leave_cpu(int cpu) noexcept;

/// Binds this process to one CPU; without effect where that cannot be.
void run_on(int cpu) noexcept;
/// From here on this process may have so many bytes of private memory more; beyond, allocations
/// fail.
void limit_growth(std::size_t bytes) noexcept;

/// Lets whoever else waits for this CPU run.
[[gnu::hot]] void yield() noexcept;

/// Does not return.
[[noreturn]] void wait_to_be_killed() noexcept;

/// Ends this process at once: no atexit handler, no destructor.
[[noreturn]] void end_process(int status) noexcept;

/// Blocks all signals of this thread for its lifetime: nothing interrupts between a fork and what
/// must follow it.
class SignalBlock {
public:
    SignalBlock() noexcept;
    ~SignalBlock();
    SignalBlock(const SignalBlock&) = delete;
    SignalBlock& operator=(const SignalBlock&) = delete;

private:
    alignas(16) unsigned char saved_[128];
};

/// True when the descriptor is readable, or at its end.
[[nodiscard]] bool is_readable(const Fd& descriptor) noexcept;

/// Replaces this process by a fresh start of its program, which inherits `kept`. Ends it when that
/// cannot be.
[[noreturn]] void start_program_anew(const char* const* arguments, int kept) noexcept;
/// Makes an inherited descriptor close-on-exec. False when there is none of that number.
bool keep_from_exec(int descriptor) noexcept;

/// Blocks until one of the descriptors is readable (or at its end), or `timeout_ms` (-1: for ever).
void wait_readable(const std::vector<int>& descriptors, int timeout_ms) noexcept;

}  // namespace procpool::os
