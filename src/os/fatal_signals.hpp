#pragma once

#include <csignal>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The signals by which a process dies of a bug in it: SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
/// SIGSYS, SIGTRAP. All functions but the first are for their handler: they are async-signal-safe.
namespace os {

/// Is it one of those?
[[nodiscard]] bool is_fatal(int signal) noexcept;

using FatalSignalHandler = void (*)(int signal, siginfo_t* info, void* context);

/// Installs a handler for those that have their default action. It runs with all signals blocked.
/// In this thread it has a stack of its own, because a stack overflow leaves no room on the usual
/// one. Forked children inherit both. False, and nothing is installed, without memory for a stack.
[[nodiscard]] bool handle_fatal_signals(FatalSignalHandler handler) noexcept;

/// Lets fatal signals reach their handler in this thread, in which all signals are blocked.
void unblock_fatal_signals() noexcept;

/// Has `interrupt` called in this thread, by SIGALRM, once `time_ns` have passed; a timer that the
/// kernel refuses never fires. Also lets fatal signals (but SIGSYS) reach their handler again. Once
/// this is called, the handler needs room for a second frame of a signal on its stack.
void interrupt_handler_after(std::uint64_t time_ns, void (*interrupt)(int signal)) noexcept;

/// Has this thread die of the signal as soon as the handler returns. The signal is delivered again
/// at the instruction that raised it, with the same `info`, to the default action: the wait status
/// and the core dump are those of a program without a handler.
void die_of(int signal, siginfo_t* info) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
