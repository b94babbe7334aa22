#include "os/fatal_signals.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ctime>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/mapping.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

/// Room for two signal frames with every register there is, and for the unwinder.
constexpr std::size_t signal_stack_size = 16 * page_size;

/// Gives this thread a stack for signals. The guard page below it turns an overflow of that stack,
/// too, into a fault.
bool make_signal_stack() noexcept {
    void* const memory = ::mmap(nullptr, page_size + signal_stack_size, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return false;
    }
    stack_t stack{};
    stack.ss_sp = static_cast<std::byte*>(memory) + page_size;
    stack.ss_size = signal_stack_size;
    if (::mprotect(stack.ss_sp, signal_stack_size, PROT_READ | PROT_WRITE) != 0 ||
        ::sigaltstack(&stack, nullptr) != 0) {
        ::munmap(memory, page_size + signal_stack_size);
        return false;
    }
    return true;
}

}  // namespace

bool is_fatal(int signal) noexcept {
    return std::find(fatal_signals.begin(), fatal_signals.end(), signal) != fatal_signals.end();
}

bool handle_fatal_signals(FatalSignalHandler handler) noexcept {
    if (!make_signal_stack()) {
        return false;
    }
    struct sigaction action{};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const int signal : fatal_signals) {
        struct sigaction before{};
        if (::sigaction(signal, &action, &before) == 0 && before.sa_handler != SIG_DFL) {
            ::sigaction(signal, &before, nullptr);
        }
    }
    return true;
}

void interrupt_handler_after(std::uint64_t time_ns, void (*interrupt)(int signal)) noexcept {
    struct sigaction action{};
    action.sa_handler = interrupt;
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
    time.it_value.tv_sec = static_cast<time_t>(time_ns / 1'000'000'000U);
    time.it_value.tv_nsec = static_cast<long>(time_ns % 1'000'000'000U);
    if (::syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) {
        ::syscall(SYS_timer_settime, timer, 0, &time, nullptr);
    }
}

void unblock_fatal_signals() noexcept {
    sigset_t mask;
    ::sigemptyset(&mask);
    for (const int signal : fatal_signals) {
        ::sigaddset(&mask, signal);
    }
    ::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
}

void die_of(int signal, siginfo_t* info) noexcept {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    sigset_t mask;
    ::sigemptyset(&mask);
    ::sigaddset(&mask, signal);
    ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    if (::syscall(SYS_rt_tgsigqueueinfo, own_pid(), own_thread(), signal, info) != 0) {
        ::syscall(SYS_tgkill, own_pid(), own_thread(), signal);
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
