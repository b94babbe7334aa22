#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>

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

/// A fault at a write to [begin, begin + size), which this process may only read, is explained by
/// `note` in its last words.
void explain_writes_to(const std::byte* begin, std::size_t size, const char* note) noexcept;

/// The signal by which a process is asked for its last words. It is one of those above, so nothing
/// else of the process is touched, and a task that has it handled otherwise loses its trace only.
inline constexpr int asking_signal = 31;  // SIGSYS

/// Asks a child, in its first thread, for its last words: where it is. `key`: as it was given to
/// report_crashes_to. It then kills itself by SIGKILL. It may also do nothing at all.
void ask_for_last_words(pid_t child, std::uint64_t key) noexcept;

/// This child answers, with the same key, when this process is asked for its last words. 0: this
/// process does.
void let_answer(pid_t child) noexcept;

/// What was written as last words does not count.
void forget_last_words() noexcept;

/// The last words of a process that is about to end itself.
void say_before_exit(const char* why) noexcept;

}  // namespace trace
PROCPOOL_END_NAMESPACE
