#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Signals: sent, handled, blocked, read.
namespace os {

void send_signal(pid_t pid, int signal) noexcept;
/// To every member of a process group.
void send_signal_to_group(pid_t group, int signal) noexcept;

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

}  // namespace os
PROCPOOL_END_NAMESPACE
