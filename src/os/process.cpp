#include "os/process.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/memory.hpp"

namespace procpool::os {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

using CpuMask = std::array<std::uint64_t, 128>;  // 8192 CPUs, as many as Linux knows

/// The private memory of this process, data and stacks, in bytes; 0 when the kernel does not tell.
std::size_t private_memory() noexcept {
    char text[256];
    const long length = read_file("/proc/self/statm", text, sizeof text - 1);
    if (length <= 0) {
        return 0;
    }
    text[length] = '\0';
    unsigned long pages = 0;  // the sixth number
    return std::sscanf(text, "%*u %*u %*u %*u %*u %lu", &pages) == 1 ? pages * page_size : 0;
}

/// Parent and number of threads of a process, from /proc/<pid>/stat.
struct Stat {
    pid_t parent = 0;
    long threads = 0;
};

bool read_stat(const char* path, Stat& out) noexcept {
    std::array<char, 1024> text{};
    if (read_file(path, text.data(), text.size() - 1) <= 0) {
        return false;
    }
    // The name is in parentheses and may hold anything, so the fields are counted from its last
    // one.
    const char* after_name = std::strrchr(text.data(), ')');
    return after_name != nullptr &&
           std::sscanf(after_name + 1,
                       " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
                       &out.parent, &out.threads) == 2;
}

struct Process {
    pid_t pid;
    pid_t parent;
};

/// The whole process table. One pass over /proc: only used when something has to be killed.
std::vector<Process> process_table() {
    std::vector<Process> table;
    const Directory proc(::opendir("/proc"));
    if (!proc) {
        return table;
    }
    while (const dirent* entry = ::readdir(proc.get())) {
        char* end = nullptr;
        const long pid = std::strtol(entry->d_name, &end, 10);
        if (*end != '\0' || pid <= 0) {
            continue;
        }
        std::array<char, 64> path{};
        std::snprintf(path.data(), path.size(), "/proc/%ld/stat", pid);
        if (Stat stat; read_stat(path.data(), stat)) {
            table.push_back({static_cast<pid_t>(pid), stat.parent});
        }
    }
    return table;
}

}  // namespace

bool single_threaded() noexcept {
    if (__libc_single_threaded != 0) {
        return true;
    }
    Stat stat;
    return read_stat("/proc/self/stat", stat) && stat.threads == 1;
}

pid_t clone_quietly() noexcept {
    // A raw clone: glibc's cached thread id is stale in the child, which nothing there relies on:
    // what runs user code is forked off it by fork_process, which sets it.
    clone_args arguments{};
    arguments.flags = CLONE_CLEAR_SIGHAND;
    long pid = call(Call::clone_process,
                    [&] { return ::syscall(SYS_clone3, &arguments, sizeof arguments); });
    if (pid == -1 && (errno == ENOSYS || errno == EPERM)) {  // a filter of system calls forbids it
        pid = call(Call::clone_process,
                   [] { return ::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr); });
        if (pid == 0) {
            reset_signal_handlers();
        }
    }
    return static_cast<pid_t>(pid);
}

pid_t fork_process() noexcept {
    return call(Call::fork_process, [] { return ::fork(); });
}

pid_t own_pid() noexcept { return ::getpid(); }

Fd open_pidfd(pid_t pid) noexcept {
    return above_standard_streams(Fd(static_cast<int>(
        call(Call::open_pidfd, [&] { return ::syscall(SYS_pidfd_open, pid, 0); }))));
}

bool wait_for_end(const Fd& pidfd, int timeout_ms) noexcept {
    pollfd watch{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    return call_through_signals(Call::poll, [&] { return ::poll(&watch, 1, timeout_ms); }) == 1 &&
           (watch.revents & (POLLIN | POLLHUP)) != 0;
}

bool has_ended(const Fd& pidfd) noexcept { return wait_for_end(pidfd, 0); }

pid_t next_ended_child() noexcept {
    siginfo_t info{};
    const int result = call_through_signals(Call::wait_child, [&] {
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    });
    return result == 0 ? info.si_pid : 0;
}

Ending reap(pid_t pid) noexcept {
    int status = 0;
    const pid_t reaped =
        call_through_signals(Call::wait_child, [&] { return ::waitpid(pid, &status, __WALL); });
    Ending ending;
    if (reaped > 0) {
        ending.pid = reaped;
        ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        ending.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
    return ending;
}

bool reap_if_ended(pid_t pid) noexcept {
    return call_through_signals(Call::wait_child,
                                [&] { return ::waitpid(pid, nullptr, WNOHANG | __WALL); }) == pid;
}

void send_signal(pid_t pid, int signal) noexcept {
    if (pid > 0) {
        ::kill(pid, signal);
    }
}

void send_signal_to_group(pid_t group, int signal) noexcept {
    if (group > 1) {
        ::kill(-group, signal);
    }
}

Children::Children() noexcept : reserved_(::eventfd(0, EFD_CLOEXEC)) {}

std::optional<std::vector<pid_t>> Children::find() {
    siginfo_t info{};
    const auto look = [&] {
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    };
    std::vector<pid_t> children;
    if (call_through_signals(Call::wait_child, look) != 0 && errno == ECHILD) {
        return children;
    }
    if (!list_) {
        // Not before it is needed: the kernel makes the file up, at a price.
        reserved_.reset();
        std::array<char, 64> path{};
        std::snprintf(path.data(), path.size(), "/proc/self/task/%d/children", own_pid());
        list_ = Fd(call_through_signals(Call::open_file,
                                        [&] { return ::open(path.data(), O_RDONLY | O_CLOEXEC); }));
    }
    if (!list_) {
        if (errno != ENOENT) {
            return std::nullopt;
        }
        // A kernel without CONFIG_PROC_CHILDREN.
        for (const Process& process : process_table()) {
            if (process.parent == own_pid()) {
                children.push_back(process.pid);
            }
        }
        return children;
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
    const char* at = text.c_str();
    for (char* end = nullptr;; at = end) {
        const long pid = std::strtol(at, &end, 10);
        if (end == at) {
            return children;
        }
        children.push_back(static_cast<pid_t>(pid));
    }
}

RunState run_state(pid_t pid) noexcept {
    std::array<char, 64> path{};
    std::array<char, 1024> text{};
    std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
    if (read_file(path.data(), text.data(), text.size() - 1) <= 0) {
        return RunState::gone;
    }
    const char* after_name = std::strrchr(text.data(), ')');
    return after_name != nullptr && after_name[1] == ' ' && after_name[2] == 'T'
               ? RunState::stopped
               : RunState::running;
}

void make_group_leader(pid_t child) noexcept { ::setpgid(child, child); }

void adopt_orphans() noexcept { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void die_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void lead_own_group() noexcept { ::setpgid(0, 0); }

pid_t parent_pid() noexcept { return ::getppid(); }

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

void empty_stdin() noexcept {
    const Fd null = above_standard_streams(Fd(call_through_signals(
        Call::open_file, [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); })));
    if (null) {
        ::dup3(null.get(), STDIN_FILENO, 0);
    } else {
        ::close(STDIN_FILENO);
    }
}

int own_cpu() noexcept { return ::sched_getcpu(); }

void run_on(int cpu) noexcept {
    CpuMask only{};
    const auto place = static_cast<std::size_t>(cpu);
    if (cpu >= 0 && place < only.size() * 64) {
        only[place / 64] = std::uint64_t{1} << (place % 64);
        ::syscall(SYS_sched_setaffinity, 0, sizeof only, only.data());
    }
}

void limit_growth(std::size_t bytes) noexcept {
    // Counts what malloc and private mappings take; shared memory and files do not count.
    rlimit limit{};
    if (::getrlimit(RLIMIT_DATA, &limit) != 0) {
        return;
    }
    const rlim_t wanted = private_memory() + bytes;
    limit.rlim_cur = std::min({limit.rlim_cur, limit.rlim_max, wanted});
    ::setrlimit(RLIMIT_DATA, &limit);
}

void leave_cpu(int cpu) noexcept {
    CpuMask allowed{};
    const auto place = static_cast<std::size_t>(cpu);
    if (cpu < 0 || place >= allowed.size() * 64 ||
        ::syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed.data()) <= 0) {
        return;
    }
    CpuMask others = allowed;
    others[place / 64] &= ~(std::uint64_t{1} << (place % 64));
    if (::syscall(SYS_sched_setaffinity, 0, sizeof others, others.data()) == 0) {
        ::syscall(SYS_sched_setaffinity, 0, sizeof allowed, allowed.data());
    }
}

bool is_readable(const Fd& descriptor) noexcept {
    pollfd poll{descriptor.get(), POLLIN, 0};
    return call_through_signals(Call::poll, [&] { return ::poll(&poll, 1, 0); }) == 1;
}

void start_program_anew(const char* const* arguments, int kept) noexcept {
    ::fcntl(kept, F_SETFD, 0);
    ::execv("/proc/self/exe", const_cast<char* const*>(arguments));
    end_process(127);
}

bool keep_from_exec(int descriptor) noexcept {
    return ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

void yield() noexcept { ::sched_yield(); }

void wait_to_be_killed() noexcept {
    for (;;) {
        ::pause();
    }
}

void end_process(int status) noexcept { ::_exit(status); }

SignalBlock::SignalBlock() noexcept {
    static_assert(sizeof(sigset_t) <= sizeof saved_);
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, reinterpret_cast<sigset_t*>(saved_));
}

SignalBlock::~SignalBlock() {
    ::pthread_sigmask(SIG_SETMASK, reinterpret_cast<const sigset_t*>(saved_), nullptr);
}

void wait_readable(const std::vector<int>& descriptors, int timeout_ms) noexcept {
    std::array<pollfd, 8> watches{};
    const std::size_t count = std::min(descriptors.size(), watches.size());
    for (std::size_t i = 0; i < count; ++i) {
        watches[i] = {.fd = descriptors[i], .events = POLLIN, .revents = 0};
    }
    call(Call::poll, [&] { return ::poll(watches.data(), count, timeout_ms); });
}

}  // namespace procpool::os
