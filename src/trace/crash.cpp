#include "trace/crash.hpp"

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <typeinfo>

#include <cxxabi.h>
#include <ucontext.h>

#include "os/clock.hpp"
#include "os/fatal_signals.hpp"
#include "os/mapping.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "os/signals.hpp"
#include "os/thread_stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

static_assert(asking_signal == SIGSYS);

/// With less than this left of a stack, nothing is unwound on it.
constexpr std::size_t unwinder_room = 3 * os::page_size;
constexpr std::uint64_t longest_report = 100 * os::ms;
constexpr int nobody = 0;
constexpr int finished = -1;

CrashReport* report = nullptr;
std::uint64_t report_key = 0;
pid_t report_of = 0;
std::uintptr_t stack_base = 0;        // nothing of a task is above it
std::atomic<pid_t> reporter{nobody};  // the thread that writes the report
sigjmp_buf end_of_report;
std::terminate_handler terminate_before = nullptr;
std::array<char, CrashReport::longest_note + 1> note{};
std::atomic<pid_t> answers{nobody};  // in the place of this process

/// The time for the report is up: the unwinder waits for a lock, or runs in circles.
void end_report(int /*signal*/) {
    if (reporter.load(std::memory_order_relaxed) == os::own_thread()) {
        siglongjmp(end_of_report, 1);
    }
}

/// A task may have set a stack for signals that is too small for the unwinder.
bool has_room(const ucontext_t& context) {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const auto begin = reinterpret_cast<std::uintptr_t>(context.uc_stack.ss_sp);
    const bool on_it = here >= begin && here - begin < context.uc_stack.ss_size;
    return !on_it || here - begin >= unwinder_room;
}

/// Begins an empty report. `signal` is 0 when the process ends itself.
void begin_report(int signal) {
    // While a guarded item runs these pages are read-only.
    os::protect(reinterpret_cast<std::byte*>(report), os::round_to_pages(sizeof *report),
                os::Access::read_write);
    report->stack.clear();
    report->note[0] = '\0';
    report->seal.store(crash_seal(report_key, signal), std::memory_order_release);
}

void add_note(const char* text) {
    std::strncpy(report->note.data(), text, CrashReport::longest_note);
    report->note.back() = '\0';
}

/// Whether the thread of the worker faulted because its stack is full: that of a first thread,
/// which grows, or one that was made for it. Only that thread has a stack for signals.
bool is_stack_overflow(const siginfo_t& info, const InterruptedStack& stack) {
    const bool is_fault = info.si_signo == SIGSEGV && info.si_code > 0;  // not sent by a process
    if (!is_fault || os::own_thread() != report_of) {
        return false;
    }
    const auto at = reinterpret_cast<std::uintptr_t>(info.si_addr);
    if (const os::StackRange made = os::new_stack(); made.contains(stack_base)) {
        return stack.is_full(at, made.end, made.end - made.begin);
    }
    const auto limit = os::first_stack_limit();
    return limit && stack.is_full(at, stack_base, *limit);
}

/// Memory that this process may only read, and what a write to it means.
struct ReadOnly {
    std::uintptr_t begin = 0;
    std::size_t size = 0;
    const char* note = nullptr;

    [[nodiscard]] bool explains(const siginfo_t& info) const {
        return info.si_signo == SIGSEGV && info.si_code == SEGV_ACCERR &&
               reinterpret_cast<std::uintptr_t>(info.si_addr) - begin < size;
    }
};
ReadOnly read_only;

void write_report(const siginfo_t& info, InterruptedStack& stack, bool room) {
    begin_report(info.si_signo);
    if (info.si_signo == SIGABRT) {
        report->note = note;
    } else if (read_only.explains(info)) {
        add_note(read_only.note);
    } else if (is_stack_overflow(info, stack)) {
        add_note("the stack overflowed: recursion without end, or local variables too large");
    }
    stack.capture_place(report->stack);
    if (room) {
        // The unwinder may fault, or never return: from here on both end the report. Until here all
        // signals are blocked, so that a fault ends the process at once: there may be no room on
        // the stack for a second handler.
        os::interrupt_handler_after(longest_report, end_report);
        stack.capture_callers(report->stack);
    }
}

/// Another thread writes its report, and ends this process. Waits for that; a thread that hangs is
/// not waited for.
void await_other_thread() {
    const std::uint64_t until = os::now_ns() + 10 * longest_report;
    while (os::now_ns() < until) {
        os::sleep_ns(os::ms);
    }
}

bool is_asked(int signal, const siginfo_t& info) {
    return signal == asking_signal && info.si_code == SI_QUEUE &&
           reinterpret_cast<std::uintptr_t>(info.si_value.sival_ptr) == report_key;
}

void on_crash(int signal, siginfo_t* info, void* context) {
    const int error = errno;
    const bool asked = is_asked(signal, *info);
    if (const pid_t child = answers.load(); asked && child != nobody) {
        ask_for_last_words(child, report_key);
        errno = error;
        return;
    }
    // A process that a task forked off reports nothing.
    if (report != nullptr && os::own_pid() == report_of) {
        const pid_t self = os::own_thread();
        pid_t other = nobody;
        if (reporter.compare_exchange_strong(other, self)) {
            InterruptedStack stack(context);
            if (sigsetjmp(end_of_report, 0) == 0) {
                write_report(*info, stack, has_room(*static_cast<ucontext_t*>(context)));
            }
            reporter.store(finished);
            stack.restore();
        } else if (other == self) {
            siglongjmp(end_of_report, 1);  // unwinding faulted: the stack makes no sense
        } else if (other != finished) {
            await_other_thread();
        }
    }
    os::rescue_stderr();
    if (asked) {
        os::send_signal(os::own_pid(), SIGKILL);
        os::wait_to_be_killed();
    }
    os::die_of(signal, info);
    errno = error;
}

/// Notes the exception that nobody catches, and goes on to the program's own terminate handler.
[[noreturn]] void on_terminate() {
    if (report != nullptr && os::own_pid() == report_of) {
        const std::type_info* const type = abi::__cxa_current_exception_type();
        if (type != nullptr) {
            const char* what = nullptr;
            try {
                throw;
            } catch (const std::exception& exception) {
                what = exception.what();
            } catch (...) {  // only its type is known
            }
            int status = 0;
            const std::unique_ptr<char, void (*)(void*)> name(
                abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
            std::size_t used = 0;
            const auto append = [&used](const char* text) {
                for (; *text != '\0' && used + 1 < note.size(); ++text) {
                    note[used++] = *text;
                }
            };
            append("std::terminate with an exception in flight, ");
            append(name != nullptr ? name.get() : type->name());
            if (what != nullptr) {
                append(": ");
                append(what);
            }
        }
    }
    terminate_before();
    std::abort();
}

}  // namespace

void prepare_backtraces() noexcept {
    static bool prepared = false;  // inherited by forked children
    if (!prepared) {
        prepared = true;
        Backtrace unused;
        capture_callers(unused, 0);
    }
}

void handle_crashes() noexcept {
    prepare_backtraces();
    if (!os::handle_fatal_signals(on_crash)) {
        return;  // a crash then leaves no report
    }
    if (terminate_before == nullptr) {
        terminate_before = std::set_terminate(on_terminate);
    }
}

void report_crashes_to(CrashReport& to, std::uint64_t key) noexcept {
    report = &to;
    report_key = key;
    stack_base = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    reporter.store(nobody, std::memory_order_relaxed);
    answers.store(nobody);
    report_of = os::own_pid();
}

void explain_writes_to(const std::byte* begin, std::size_t size, const char* explanation) noexcept {
    read_only = {reinterpret_cast<std::uintptr_t>(begin), size, explanation};
}

void ask_for_last_words(pid_t child, std::uint64_t key) noexcept {
    os::send_signal_with(child, asking_signal, key);
}

void let_answer(pid_t child) noexcept { answers.store(child); }

void forget_last_words() noexcept {
    if (report != nullptr) {
        report->seal.store(0, std::memory_order_release);
    }
}

void say_before_exit(const char* why) noexcept {
    if (report == nullptr || os::own_pid() != report_of) {
        return;  // a process that a task forked off
    }
    begin_report(0);
    add_note(why);
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
