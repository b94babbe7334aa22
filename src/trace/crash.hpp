#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The last words of a process: of one that dies of a signal that stands for a bug (SIGSEGV,
/// SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP), or of one that ends itself and says why.
namespace trace {

/// Written by the process that dies, read by another one when it is reaped. The reader must trust
/// none of it.
struct CrashReport {
    static constexpr std::size_t longest_note = 511;

    /// `crash_seal` of the process and the signal of which this is the report; 0: there is no
    /// report. The signal is 0 when the process ended itself.
    std::atomic<std::uint64_t> seal{0};
    Backtrace stack;
    /// The exception for which std::terminate was called, that the stack overflowed, or what was
    /// said by `say_before_exit`.
    std::array<char, longest_note + 1> note{};
};

[[nodiscard]] constexpr std::uint64_t crash_seal(std::uint64_t key, int signal) {
    return (key << 8U) | static_cast<std::uint64_t>(signal);
}

/// Makes the first call of the unwinder, at which it and the dynamic linker do what no signal
/// handler may do. Needed once, here or in a parent process; the client does it, so that no fork
/// server has to.
void prepare_backtraces() noexcept;

/// Handles those of the signals above that have their default action, from here on, in this process
/// and its forks. Changes nothing for a process until it has called `report_crashes_to`. A report
/// takes microseconds, at most a fifth of a second. Then the process dies of the signal as it would
/// without a handler: with the same wait status and core dump. A handler that the program installs
/// later replaces this one.
void handle_crashes() noexcept;

/// This process (not those that it forks) writes its last words to `report`, which has its pages
/// for itself. Code that may overflow the stack has to be called by the caller of this.
void report_crashes_to(CrashReport& report, std::uint64_t key) noexcept;

/// The last words of a process that is about to end itself.
void say_before_exit(const char* why) noexcept;

}  // namespace trace
PROCPOOL_END_NAMESPACE
