#include "os/reaping.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.hpp"
#include "os/fault.hpp"
#include "os/process_table.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// By a pass over all processes.
std::vector<pid_t> children_in_table(std::size_t depth) {
    const std::optional<ProcessState> self = state_of_process("self");
    std::vector<pid_t> children;
    for (const ProcessState& process : processes_in_table()) {
        if (self && process.parent == self->number) {
            children.push_back(number_here(process.number, depth));
        }
    }
    return children;
}

}  // namespace

pid_t next_ended_child() noexcept {
    siginfo_t info{};
    const int result = call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    });
    return result == 0 ? info.si_pid : 0;
}

bool has_ended_child_of_thread() noexcept {
    siginfo_t info{};
    const int result = call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL | __WNOTHREAD);
    });
    return result == 0 && info.si_pid != 0;
}

void await_stop(pid_t pid, std::uint64_t until) noexcept {
    constexpr timespec pause{0, 20'000};
    for (;;) {
        siginfo_t info{};
        const int result = call_through_signals(Call::wait_child, [&] {
            return ::waitid(P_PID, static_cast<id_t>(pid), &info,
                            WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL);
        });
        if (result != 0 || info.si_pid == pid || now_ns() >= until) {
            return;
        }
        ::nanosleep(&pause, nullptr);
    }
}

bool is_ended_child(pid_t pid) noexcept {
    siginfo_t info{};
    const int result = call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_PID, static_cast<id_t>(pid), &info,
                        WEXITED | WNOHANG | WNOWAIT | __WALL | __WNOTHREAD);
    });
    return result == 0 && info.si_pid == pid;
}

bool left_session(pid_t child) noexcept {
    const pid_t session = ::getsid(child);
    return session > 0 && session != ::getsid(0);
}

Ending reap(pid_t pid) noexcept {
    int status = 0;
    rusage usage{};
    const pid_t reaped = call_through_signals(
        Call::wait_child, [&] { return ::wait4(pid, &status, __WALL, &usage); });
    Ending ending;
    if (reaped > 0) {
        ending.pid = reaped;
        ending.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) << 10U;
        ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        ending.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
    return ending;
}

void await_end(pid_t pid) noexcept {
    siginfo_t info{};
    call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | __WALL);
    });
}

bool reap_if_ended(pid_t pid) noexcept {
    return call_through_signals(Call::wait_child,
                                [&] { return ::waitpid(pid, nullptr, WNOHANG | __WALL); }) == pid;
}

bool reap_until(pid_t pid, std::uint64_t until) noexcept {
    while (!reap_if_ended(pid)) {
        if (!is_child(pid) || now_ns() >= until) {
            return false;
        }
        sleep_ns(us * 100);
    }
    return true;
}

void reap(const Fd& pidfd, bool wait) noexcept {
    siginfo_t info{};
    call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info,
                        WEXITED | __WALL | (wait ? 0 : WNOHANG));
    });
}

bool is_child(pid_t pid) noexcept {
    siginfo_t info{};
    return pid > 0 && call_through_signals(Call::wait_child, [&] {
                          return ::waitid(P_PID, static_cast<id_t>(pid), &info,
                                          WEXITED | WNOHANG | WNOWAIT | __WALL);
                      }) == 0;
}

bool is_gone(pid_t pid) noexcept {
    siginfo_t info{};
    const int found = call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    });
    return found == 0 ? info.si_pid == pid : ::kill(pid, 0) != 0 && errno == ESRCH;
}

void adopt_orphans() noexcept { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

Children::Children() noexcept : reserved_(::eventfd(0, EFD_CLOEXEC)) {}

void Children::close() noexcept {
    list_.reset();
    reserved_.reset();
}

std::optional<std::vector<pid_t>> Children::find() {
    siginfo_t info{};
    const auto look = [&] {
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    };
    if (call_through_signals(Call::wait_child, look) != 0 && errno == ECHILD) {
        return std::vector<pid_t>();
    }
    if (!list_) {
        // Opened when it is first needed: making it up costs the kernel time.
        reserved_.reset();
        depth_ = depth_below_table();
        if (!depth_) {
            return std::vector<pid_t>();  // a /proc that knows nothing of this process
        }
        list_ = Fd(call_through_signals(Call::open_file, [] {
            return ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
        }));
    }
    if (!list_) {
        // Without CONFIG_PROC_CHILDREN in the kernel there is none.
        return errno == ENOENT ? std::optional(children_in_table(*depth_)) : std::nullopt;
    }
    std::string text;
    std::array<char, 4096> piece{};
    long length = 1;
    while (length > 0) {  // the kernel gives a page at a time
        length = call_through_signals(Call::read, [&] {
            return ::pread(list_.get(), piece.data(), piece.size(),
                           static_cast<off_t>(text.size()));
        });
        text.append(piece.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    }
    if (length < 0) {
        return std::nullopt;
    }
    std::vector<pid_t> children;
    const char* at = text.c_str();
    for (char* end = nullptr;; at = end) {
        const long pid = std::strtol(at, &end, 10);
        if (end == at) {
            return children;
        }
        children.push_back(number_here(static_cast<pid_t>(pid), *depth_));
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
