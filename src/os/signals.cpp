#include "os/signals.hpp"

#include <bit>
#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fatal_signals.hpp"
#include "os/fault.hpp"
#include "os/refusal.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

void send_signal(pid_t pid, int signal) noexcept {
    if (pid > 0 && ::kill(pid, signal) != 0 && is_forbidden(errno)) {
        ::syscall(SYS_tgkill, pid, pid, signal);  // a filter may let this pass
    }
}

void send_signal_with(pid_t pid, int signal, std::uint64_t number) noexcept {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the field is read as a number
    info.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(number));
    ::syscall(SYS_rt_tgsigqueueinfo, pid, pid, signal, &info);
}

void send_signal(const Fd& pidfd, int signal) noexcept {
    if (pidfd) {
        ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
    }
}

void send_signal_to_group(pid_t group, int signal) noexcept {
    if (group > 1) {
        ::kill(-group, signal);
    }
}

void reset_signal_handlers() noexcept {
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action{};
        if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN &&
            action.sa_handler != SIG_DFL) {
            action.sa_handler = SIG_DFL;
            action.sa_flags = 0;
            ::sigaction(number, &action, nullptr);
        }
    }
}

std::uint64_t handled_signals() noexcept {
    std::uint64_t signals = 0;
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action{};
        if (number != SIGCHLD && number != SIGCONT && !is_fatal(number) &&
            ::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN &&
            action.sa_handler != SIG_DFL) {
            signals |= std::uint64_t{1} << static_cast<unsigned>(number - 1);
        }
    }
    return signals;
}

void disregard_signals(std::uint64_t signals) noexcept {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    for (; signals != 0; signals &= signals - 1) {
        ::sigaction(std::countr_zero(signals) + 1, &action, nullptr);
    }
}

bool take_notice_of_children() noexcept {
    // SA_NOCLDWAIT comes without a handler.
    struct sigaction standard{};
    struct sigaction before{};
    standard.sa_handler = SIG_DFL;
    return ::sigaction(SIGCHLD, &standard, &before) == 0 && before.sa_handler == SIG_IGN;
}

void ignore_children() noexcept { ::signal(SIGCHLD, SIG_IGN); }

void ignore_terminal_stops() noexcept {
    ::signal(SIGTTOU, SIG_IGN);
    ::signal(SIGTTIN, SIG_IGN);
}

void block_all_signals() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

void unblock_all_signals() noexcept {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Fd make_signalfd() noexcept {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGCHLD);
    return Fd(call(Call::make_signalfd,
                   [&] { return ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK); }));
}

int read_signal(const Fd& signals) noexcept {
    signalfd_siginfo info{};
    const auto got =
        call_through_signals(Call::read, [&] { return ::read(signals.get(), &info, sizeof info); });
    return got == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

SignalBlock::SignalBlock() noexcept {
    static_assert(sizeof(sigset_t) <= sizeof saved_);
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, reinterpret_cast<sigset_t*>(saved_));
}

SignalBlock::~SignalBlock() {
    ::pthread_sigmask(SIG_SETMASK, reinterpret_cast<const sigset_t*>(saved_), nullptr);
}

StandBack::StandBack() noexcept {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &standard, &of_children_);
    sigset_t waiting;
    ::sigfillset(&waiting);
    for (int number = 1; number < NSIG; ++number) {
        if (number == SIGCHLD || is_fatal(number)) {
            ::sigdelset(&waiting, number);
        }
    }
    ::pthread_sigmask(SIG_BLOCK, &waiting, &mask_);
}

StandBack::~StandBack() {
    ::sigaction(SIGCHLD, &of_children_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

}  // namespace os
PROCPOOL_END_NAMESPACE
