#include "child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tool/file.hpp"
#include "tool/stopwatch.hpp"

namespace lecture {

struct Child::Report {
    Ending::How how = Ending::How::signalled;
    int code = SIGKILL;  // stays so if the guard is killed before it can write
    double seconds = 0;
};

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

Fd anonymous_file() {
    Fd file(::memfd_create("lecture", MFD_CLOEXEC));
    if (!file) {
        throw_errno("memfd_create");
    }
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

/// The signals that the guard waits for. Signals that this program ignores stay ignored.
sigset_t signals_of_interest() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGCONT);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}) {
        struct sigaction action{};
        sigaction(signal, nullptr, &action);
        if (action.sa_handler != SIG_IGN) {
            sigaddset(&set, signal);
        }
    }
    return set;
}

/// True if a process is stopped, as by Ctrl-Z.
bool is_stopped(pid_t pid) {
    const std::string stat = tool::contents(fmt::format("/proc/{}/stat", pid)).value_or("");
    const auto name_end = stat.rfind(')');
    return name_end != std::string::npos && stat.substr(name_end, 3) == ") T";
}

[[noreturn]] void execute(const ChildOptions& options, int out, int err, const sigset_t& mask) {
    ::setpgid(0, 0);
    const int in = options.input ? options.input.get() : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);

    std::vector<char*> argv;
    for (const auto& argument : options.argv) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

/// What the guard does: it watches the child, which leads a process group of its own, and the
/// program that started it.
class Guard {
public:
    Guard(pid_t ward, pid_t program, std::chrono::milliseconds deadline, const sigset_t& signals)
        : ward_(ward), program_(program), signals_(signals) {
        ::setpgid(ward, ward);  // the child does the same: one of the two is first
        if (deadline.count() > 0) {
            deadline_ = Clock::now() + deadline;
        }
    }

    struct End {
        Ending::How how;
        int code;
    };

    /// Returns when the child has ended, or has to be ended.
    End watch() {
        for (;;) {
            const auto signal = next_signal();
            if (const auto end = ended()) {
                return *end;
            }
            if (!stopped_since_ && Clock::now() >= deadline_) {
                return {Ending::How::late, SIGKILL};
            }
            if (signal == SIGTSTP) {
                stop_looked_for_until_ = Clock::now() + std::chrono::milliseconds(500);
            } else if (signal == SIGCONT) {
                go_on();
            } else if (signal && signal != SIGCHLD) {
                return {Ending::How::signalled, SIGKILL};
            }
            if (Clock::now() < stop_looked_for_until_ && is_stopped(program_)) {
                stop();
            }
        }
    }

    /// Kills the group and reaps all of its processes. A process that left the group is not killed.
    void finish() const {
        kill_group(SIGKILL);
        while (::waitpid(-ward_, nullptr, 0) > 0 || errno == EINTR) {
        }
    }

private:
    // Ctrl-Z reaches the guard as well, but the guard does not stop: it could miss a continuation.
    // And it stops the child only when it sees that the program has stopped, because the program
    // may ignore the signal or handle it.
    void stop() {
        kill_group(SIGSTOP);
        stopped_since_ = Clock::now();
        stop_looked_for_until_ = {};
    }

    void go_on() {
        stop_looked_for_until_ = {};
        if (!stopped_since_) {
            return;
        }
        kill_group(SIGCONT);
        if (deadline_ != Clock::time_point::max()) {
            deadline_ += Clock::now() - *stopped_since_;
        }
        stopped_since_.reset();
    }

    /// Only while the leader is not reaped: until then no other group can have its id.
    void kill_group(int signal) const { ::kill(-ward_, signal); }

    /// How the child has ended, if it has. Does not reap it.
    [[nodiscard]] std::optional<End> ended() const {
        siginfo_t info{};
        const int got =
            ::waitid(P_PID, static_cast<id_t>(ward_), &info, WEXITED | WNOHANG | WNOWAIT);
        if (got != 0 || info.si_pid == 0) {
            return std::nullopt;
        }
        return End{info.si_code == CLD_EXITED ? Ending::How::exited : Ending::How::signalled,
                   info.si_status};
    }

    /// Waits for a signal, at most until something else has to be done.
    [[nodiscard]] std::optional<int> next_signal() const {
        nanoseconds patience = std::chrono::hours(1);
        const auto now = Clock::now();
        if (now < stop_looked_for_until_) {
            patience = std::chrono::milliseconds(5);
        }
        if (!stopped_since_) {
            patience = std::clamp<nanoseconds>(deadline_ - now, {}, patience);
        }
        const timespec time = to_timespec(patience);
        const int signal = ::sigtimedwait(&signals_, nullptr, &time);
        return signal < 0 ? std::nullopt : std::optional(signal);
    }

    pid_t ward_;
    pid_t program_;
    sigset_t signals_;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point stop_looked_for_until_{};
    std::optional<Clock::time_point> stopped_since_{};
};

}  // namespace

Fd file_of(std::string_view text) {
    Fd file = anonymous_file();
    while (!text.empty()) {
        const ssize_t n = ::write(file.get(), text.data(), text.size());
        if (n < 0 && errno != EINTR) {
            throw_errno("write");
        }
        if (n > 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

Child::Child(ChildOptions options) : out_(anonymous_file()), err_(anonymous_file()) {
    void* shared =
        ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        throw_errno("mmap");
    }
    report_ = new (shared) Report;

    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    guard_ = ::fork();
    if (guard_ > 0) {
        return;
    }
    if (guard_ < 0) {
        const int error = errno;
        ::munmap(report_, sizeof(Report));
        throw std::system_error(error, std::generic_category(), "fork");
    }

    // The guard. It stays in the process group of the program, where the signals of the terminal
    // reach it; the child leads a group of its own, where they do not. A signal that comes before
    // the guard blocks it may stop or end the guard: there is no child yet.
    const sigset_t set = signals_of_interest();
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &set, &before);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    const tool::Stopwatch watch;
    const pid_t leader = ::fork();
    if (leader == 0) {
        execute(options, out_.get(), err_.get(), before);
    }
    if (leader < 0) {
        ::_exit(1);
    }
    ::close_range(3, ~0U, 0);  // or others would not see the end of a pipe while the guard lives
    Guard guard(leader, parent, options.deadline, set);
    const auto [how, code] = guard.watch();
    report_->how = how;
    report_->code = code;
    report_->seconds = watch.seconds();
    guard.finish();
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
