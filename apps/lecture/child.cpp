#include "child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stopwatch.hpp"

namespace lecture {

struct Child::Report {
    Ending::How how = Ending::How::signalled;
    int code = SIGKILL;  // true as long as nothing else is written: the guard itself was killed
    double seconds = 0;
};

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

Fd anonymous_file() {
    Fd file(::memfd_create("lecture", MFD_CLOEXEC));
    if (!file) throw_errno("memfd_create");
    return file;
}

std::string content_of(const Fd& file) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::pread(file.get(), buffer.data(), buffer.size(),
                                     static_cast<off_t>(text.size()))) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
}

/// What the guard waits for. A signal that this program was told to ignore is left ignored.
sigset_t signals_of_interest() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}) {
        struct sigaction action {};
        sigaction(signal, nullptr, &action);
        if (action.sa_handler != SIG_IGN) sigaddset(&set, signal);
    }
    return set;
}

[[noreturn]] void execute(const ChildOptions& options, int out, int err, const sigset_t& mask) {
    ::setpgid(0, 0);
    const int in = options.input ? options.input.get() : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);

    std::vector<char*> argv;
    for (const auto& argument : options.argv) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

/// The guard's view of the child: a process group of which it leads the first process.
class Guarded {
public:
    explicit Guarded(pid_t leader) : leader_(leader) { ::setpgid(leader, leader); }

    /// To every process of the group. Right only while the leader is not reaped: until then nobody
    /// else has its id.
    void signal(int number) const { ::kill(-leader_, number); }

    /// Not reaped by this.
    [[nodiscard]] std::optional<siginfo_t> ended() const {
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(leader_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            info.si_pid == 0) {
            return std::nullopt;
        }
        return info;
    }

    /// Kills the group and reaps all of it. What left the group is not ours to end.
    void finish() const {
        signal(SIGKILL);
        while (::waitpid(-leader_, nullptr, 0) > 0 || errno == EINTR) {
        }
    }

private:
    pid_t leader_;
};

std::optional<int> next_signal(const sigset_t& set, nanoseconds patience) {
    const timespec time{.tv_sec = static_cast<time_t>(patience.count() / 1'000'000'000),
                        .tv_nsec = static_cast<long>(patience.count() % 1'000'000'000)};
    const int signal = ::sigtimedwait(&set, nullptr, &time);
    if (signal < 0) return std::nullopt;
    return signal;
}

}  // namespace

Fd file_of(std::string_view text) {
    Fd file = anonymous_file();
    while (!text.empty()) {
        const ssize_t n = ::write(file.get(), text.data(), text.size());
        if (n < 0 && errno != EINTR) throw_errno("write");
        if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

Child::Child(ChildOptions options) : out_(anonymous_file()), err_(anonymous_file()) {
    void* shared =
        ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw_errno("mmap");
    report_ = new (shared) Report;

    // Blocked before the fork, so that no signal finds the guard unprepared.
    const sigset_t set = signals_of_interest();
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &set, &before);
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    guard_ = ::fork();
    if (guard_ != 0) {
        const int error = errno;
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        if (guard_ > 0) return;
        ::munmap(report_, sizeof(Report));
        throw std::system_error(error, std::generic_category(), "fork");
    }

    // The guard. It stays in this program's process group, where the terminal's signals reach it;
    // the child leads its own, where they do not.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (::getppid() != parent) ::_exit(1);
    const Stopwatch watch;
    const pid_t leader = ::fork();
    if (leader == 0) execute(options, out_.get(), err_.get(), before);
    if (leader < 0) ::_exit(1);
    const Guarded child(leader);
    ::close_range(3, ~0U, 0);  // what others hear by the end of a pipe must not wait for the guard

    auto deadline =
        options.deadline.count() > 0 ? Clock::now() + options.deadline : Clock::time_point::max();
    for (;;) {
        const auto patience = std::min<nanoseconds>(deadline - Clock::now(), std::chrono::hours(1));
        const auto signal = patience.count() > 0 ? next_signal(set, patience) : std::nullopt;
        if (const auto end = child.ended()) {
            report_->how =
                end->si_code == CLD_EXITED ? Ending::How::exited : Ending::How::signalled;
            report_->code = end->si_status;
            break;
        }
        if (Clock::now() >= deadline) {
            report_->how = Ending::How::late;
            break;
        }
        if (signal == SIGTSTP) {
            const auto stopped = Clock::now();
            child.signal(SIGSTOP);
            ::raise(SIGSTOP);  // until someone continues us
            child.signal(SIGCONT);
            if (deadline != Clock::time_point::max()) deadline += Clock::now() - stopped;
        } else if (signal && *signal != SIGCHLD) {
            break;
        }
    }
    report_->seconds = watch.seconds();
    child.finish();
    ::_exit(0);
}

Child::~Child() {
    if (guard_ > 0) {
        ::kill(guard_, SIGTERM);
        ::waitpid(guard_, nullptr, 0);
    }
    ::munmap(report_, sizeof(Report));
}

Ending Child::wait() {
    while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
    }
    guard_ = -1;
    return {.how = report_->how,
            .code = report_->code,
            .seconds = report_->seconds,
            .out = content_of(out_),
            .err = content_of(err_)};
}

}  // namespace lecture
