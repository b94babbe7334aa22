#include "trace/crash.hpp"

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <typeinfo>

#include <cxxabi.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/clock.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

/// Room for two signal frames with every register there is, and for the unwinder.
constexpr std::size_t alternate_stack_size = 16 * os::page_size;
/// Where less is left of a stack nothing is unwound on it.
constexpr std::size_t unwinder_room = 3 * os::page_size;
constexpr std::uint64_t longest_report = 100'000'000;  // ns
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

pid_t own_thread() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

/// The unwinder waits for a lock, or runs in circles.
void end_report(int /*signal*/) {
    if (reporter.load(std::memory_order_relaxed) == own_thread()) {
        siglongjmp(end_of_report, 1);
    }
}

/// Has this thread leave the report when its time is up, or when unwinding raises a signal. Until
/// here the handler was alone: without room for more it dies at once of what it raises.
void limit_report() {
    struct sigaction action{};
    action.sa_handler = end_report;
    ::sigfillset(&action.sa_mask);
    ::sigaction(SIGALRM, &action, nullptr);
    sigset_t mask;
    ::sigemptyset(&mask);
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGALRM}) {
        ::sigaddset(&mask, signal);
    }
    ::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
    struct sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGALRM;
    event._sigev_un._tid = own_thread();
    int timer = 0;
    itimerspec time{};
    time.it_value.tv_nsec = longest_report;
    if (::syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) {
        ::syscall(SYS_timer_settime, timer, 0, &time, nullptr);
    }
}

/// A task may have set a stack for signals that is too small for the unwinder.
bool has_room(const ucontext_t& context) {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const auto begin = reinterpret_cast<std::uintptr_t>(context.uc_stack.ss_sp);
    const bool on_it = here >= begin && here - begin < context.uc_stack.ss_size;
    return !on_it || here - begin >= unwinder_room;
}

/// An empty report; `signal` is 0 where the process ends itself.
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

/// Did the first thread fault for want of stack? Only it has a stack that grows, and one for
/// signals.
bool is_stack_overflow(const siginfo_t& info, const InterruptedStack& stack) {
    const bool is_fault = info.si_signo == SIGSEGV && info.si_code > 0;  // which nobody sent
    rlimit limit{};
    return is_fault && own_thread() == report_of && ::getrlimit(RLIMIT_STACK, &limit) == 0 &&
           limit.rlim_cur != RLIM_INFINITY &&
           stack.is_full(reinterpret_cast<std::uintptr_t>(info.si_addr), stack_base,
                         limit.rlim_cur);
}

void write_report(const siginfo_t& info, InterruptedStack& stack, bool room) {
    begin_report(info.si_signo);
    if (info.si_signo == SIGABRT) {
        report->note = note;
    } else if (is_stack_overflow(info, stack)) {
        add_note("the stack overflowed: recursion without end, or local variables too large");
    }
    stack.capture_place(report->stack);
    if (room) {
        limit_report();
        stack.capture_callers(report->stack);
    }
}

/// Dies of the signal when the handler returns: it is delivered again at the very instruction that
/// raised it, with the same account of itself, to the default action.
void die_of(int signal, siginfo_t* info) {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    sigset_t mask;
    ::sigemptyset(&mask);
    ::sigaddset(&mask, signal);
    ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), own_thread(), signal, info) != 0) {
        ::syscall(SYS_tgkill, ::getpid(), own_thread(), signal);
    }
}

void await_other_thread() {
    const std::uint64_t until = os::now_ns() + 10 * longest_report;
    const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
    while (os::now_ns() < until) {
        ::nanosleep(&pause, nullptr);
    }
}

void on_crash(int signal, siginfo_t* info, void* context) {
    const int error = errno;
    // Not in what a task forked off.
    if (report != nullptr && ::getpid() == report_of) {
        const pid_t self = own_thread();
        pid_t other = nobody;
        if (reporter.compare_exchange_strong(other, self)) {
            InterruptedStack stack(context);
            if (sigsetjmp(end_of_report, 0) == 0) {
                write_report(*info, stack, has_room(*static_cast<ucontext_t*>(context)));
            }
            reporter.store(finished);
            stack.restore();
        } else if (other == self) {
            siglongjmp(end_of_report, 1);  // the stack makes no sense
        } else if (other != finished) {
            await_other_thread();  // this process is about to die of what another thread did
        }
    }
    die_of(signal, info);
    errno = error;
}

/// Notes what an exception says that nobody catches, and goes on to what the program does then.
[[noreturn]] void on_terminate() {
    if (report != nullptr && ::getpid() == report_of) {
        const std::type_info* const type = abi::__cxa_current_exception_type();
        if (type != nullptr) {
            const char* what = nullptr;
            try {
                throw;
            } catch (const std::exception& exception) {
                what = exception.what();
            } catch (...) {  // its type is all there is
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
    // A stack overflow leaves no room for a handler on the stack itself. The guard page below keeps
    // one of ours from going unnoticed.
    void* const memory = ::mmap(nullptr, os::page_size + alternate_stack_size, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return;  // no last words, then
    }
    stack_t alternate{};
    alternate.ss_sp = static_cast<std::byte*>(memory) + os::page_size;
    alternate.ss_size = alternate_stack_size;
    if (::mprotect(alternate.ss_sp, alternate_stack_size, PROT_READ | PROT_WRITE) != 0 ||
        ::sigaltstack(&alternate, nullptr) != 0) {
        ::munmap(memory, os::page_size + alternate_stack_size);
        return;
    }
    prepare_backtraces();
    struct sigaction action{};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const int signal : crash_signals) {
        struct sigaction before{};
        if (::sigaction(signal, &action, &before) == 0 && before.sa_handler != SIG_DFL) {
            ::sigaction(signal, &before, nullptr);
        }
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
    report_of = ::getpid();
}

void say_before_exit(const char* why) noexcept {
    if (report == nullptr || ::getpid() != report_of) {
        return;  // what a task forked off
    }
    begin_report(0);
    add_note(why);
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
