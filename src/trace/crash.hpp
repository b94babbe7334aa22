#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The last words of a process that dies of a signal that stands for a bug: SIGSEGV, SIGBUS,
/// SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP; or that ends itself and has something to say.
namespace trace {

/// Written by the process that dies, read by another one when it is reaped: untrusted there.
struct CrashReport {
    static constexpr std::size_t longest_note = 511;

    /// The report is of the process and the signal for which `crash_seal` gives this; 0: there is
    /// none. The signal is 0 where the process ended itself.
    std::atomic<std::uint64_t> seal{0};
    Backtrace stack;
    /// What std::terminate was called for, that the stack overflowed, or `say_before_exit`.
    std::array<char, longest_note + 1> note{};
};

[[nodiscard]] constexpr std::uint64_t crash_seal(std::uint64_t key, int signal) {
    return (key << 8U) | static_cast<std::uint64_t>(signal);
}

/// What the dynamic linker and the unwinder do at a first call, which is not for a signal handler:
/// done once, here or in a parent, so that it costs no fork server anything.
void prepare_backtraces() noexcept;

/// Handles the signals above from here on, in this process and its forks, where they had their
/// default action. As long as a process has not called `report_crashes_to` that changes nothing. A
/// report takes microseconds, at most a fifth of a second; then the process dies of the signal as
/// without us: same wait status, same core dump. Handlers that a program installs replace ours.
void handle_crashes() noexcept;

/// This process (not what it forks) writes its last words there. The report is the only thing on
/// its pages. What may overflow the stack runs beneath the frame of the caller.
void report_crashes_to(CrashReport& report, std::uint64_t key) noexcept;

/// The last words of a process that is about to end itself: why.
void say_before_exit(const char* why) noexcept;

}  // namespace trace
PROCPOOL_END_NAMESPACE
