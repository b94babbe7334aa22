#pragma once

#include <csignal>
#include <cstdint>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Signals: sent, handled, blocked, read.
namespace os {

/// To one process; to none if `pid` is 0 or less.
void send_signal(pid_t pid, int signal) noexcept;
/// To the first thread of a process, with a number.
void send_signal_with(pid_t pid, int signal, std::uint64_t number) noexcept;
/// To the process behind a pidfd, whatever its number means by now; to none if there is no pidfd.
void send_signal(const Fd& pidfd, int signal) noexcept;
/// To every member of a process group, whose leader must not have been reaped yet: its number may
/// be another one's afterwards.
void send_signal_to_group(pid_t group, int signal) noexcept;

/// Every signal becomes as after an exec: handled ones get their default action, ignored ones stay
/// ignored.
void reset_signal_handlers() noexcept;
/// The signals for which this process has handlers, a bit each, signal 1 the lowest; but those of
/// children, of stops and of crashes. Async-signal-safe.
[[nodiscard]] std::uint64_t handled_signals() noexcept;
/// From here on these signals do nothing in this process. In programs that it starts they have
/// their default action: an ignored signal would be ignored there too.
void disregard_signals(std::uint64_t signals) noexcept;
/// From here on a child that ends raises SIGCHLD and waits to be reaped. True if SIGCHLD was
/// ignored before.
bool take_notice_of_children() noexcept;
/// Ignores SIGCHLD: children are reaped by the kernel.
void ignore_children() noexcept;
/// A process group in the background may write to its terminal and change its settings; reading
/// from it fails, and does not stop the process.
void ignore_terminal_stops() noexcept;
void block_all_signals() noexcept;
void unblock_all_signals() noexcept;

/// A descriptor that delivers SIGCHLD, which has to be blocked. Empty and errno on failure.
[[nodiscard]] Fd make_signalfd() noexcept;
/// The next signal waiting there, 0 if none.
[[nodiscard]] int read_signal(const Fd& signals) noexcept;

/// Blocks all signals of this thread while it lives: nothing comes between a fork and what must
/// follow it.
class SignalBlock {
public:
    SignalBlock() noexcept;
    ~SignalBlock();
    SignalBlock(const SignalBlock&) = delete;
    SignalBlock& operator=(const SignalBlock&) = delete;

private:
    alignas(16) unsigned char saved_[128];
};

/// While it lives, this process stands back behind a child that does its work: signals for this
/// thread wait, but those of crashes, and the child stays until it is reaped, whatever the program
/// does about SIGCHLD. Make it before the fork; the child destroys its copy at once.
class StandBack {
public:
    StandBack() noexcept;
    ~StandBack();
    StandBack(const StandBack&) = delete;
    StandBack& operator=(const StandBack&) = delete;

private:
    sigset_t mask_{};
    struct sigaction of_children_{};
};

}  // namespace os
PROCPOOL_END_NAMESPACE
