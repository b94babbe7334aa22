#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/// Starts the program `procpool` as a person and as another program would.
namespace command {

using namespace std::chrono_literals;
using Arguments = std::vector<std::string>;

inline const std::string path =
    std::filesystem::path(PROCPOOL_PROGRAMS "/../../cli/procpool").lexically_normal();

constexpr auto patience = 30s;  // within which everything happens that should

inline bool eventually(auto&& condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(2ms)) {
        if (condition()) {
            return true;
        }
    }
    return condition();
}

[[noreturn]] inline void execute(const Arguments& arguments) {
    std::vector<char*> argv{const_cast<char*>("procpool")};
    for (const auto& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    ::execv(path.c_str(), argv.data());
    ::_exit(126);
}

struct Ended {
    int status = 0;  // as of waitpid
    std::string out{}, err{};

    [[nodiscard]] int exit_code() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
};

inline std::string content_of(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0;
         (n = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()))) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
}

/// Without a terminal, to its end. `prepare` runs in the child before the program.
inline Ended run(const Arguments& arguments, const std::function<void()>& prepare = {}) {
    const int out = ::memfd_create("out", MFD_CLOEXEC);
    const int err = ::memfd_create("err", MFD_CLOEXEC);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(out, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        if (prepare) {
            prepare();
        }
        execute(arguments);
    }
    Ended ended;
    ::waitpid(pid, &ended.status, 0);
    ended.out = content_of(out);
    ended.err = content_of(err);
    ::close(out);
    ::close(err);
    return ended;
}

inline std::vector<pid_t> children_of(pid_t pid) {
    const std::string id = std::to_string(pid);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) {
        children.push_back(child);
    }
    return children;
}

/// The program at a terminal of so many columns, while it runs. Ended and reaped at the latest with
/// this object.
class Running {
public:
    /// `prepare` runs in the child before the program.
    explicit Running(const Arguments& arguments, unsigned short columns = 80,
                     const std::function<void()>& prepare = {}) {
        winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
        if (pid_ == 0) {
            ::setenv("TERM", "xterm", 1);
            if (prepare) {
                prepare();
            }
            execute(arguments);
        }
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        if (!reaped_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(terminal_);
    }

    [[nodiscard]] pid_t pid() const { return pid_; }

    void press(std::string_view keys) const {
        if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
            throw std::system_error(errno, std::generic_category(), "terminal");
        }
    }

    /// Reads on until the screen has shown `text`; false if the program ends without.
    bool shows(std::string_view text) {
        return reads_until([&] { return screen_.find(text) != std::string::npos; });
    }
    /// The same of a regular expression.
    bool shows_match(const std::string& pattern) {
        const std::regex regex(pattern);
        return reads_until([&] { return std::regex_search(screen_, regex); });
    }

    /// Reads to the end of the program; its exit code, -1 if a signal ended it.
    int exit_code() {
        eventually([&] { return !read_on(); });
        int status = 0;
        ::waitpid(pid_, &status, 0);
        reaped_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    /// All that was written to the terminal so far.
    [[nodiscard]] const std::string& screen() const { return screen_; }

    /// The workers of its pool: the children of its fork server.
    [[nodiscard]] std::vector<pid_t> workers() const {
        std::vector<pid_t> workers;
        for (const pid_t server : children_of(pid_)) {
            for (const pid_t worker : children_of(server)) {
                workers.push_back(worker);
            }
        }
        return workers;
    }

private:
    bool reads_until(auto&& condition) {
        bool open = true;
        eventually([&] {
            if (open) {
                open = read_on();
            }
            return condition() || !open;
        });
        return condition();
    }
    /// False at the end.
    bool read_on() {
        pollfd polled{.fd = terminal_, .events = POLLIN, .revents = 0};
        if (::poll(&polled, 1, 10) <= 0) {
            return true;
        }
        std::array<char, 4096> buffer{};
        const ssize_t n = ::read(terminal_, buffer.data(), buffer.size());
        if (n <= 0) {
            return false;
        }
        screen_.append(buffer.data(), static_cast<std::size_t>(n));
        return true;
    }

    int terminal_ = -1;
    pid_t pid_ = -1;
    bool reaped_ = false;
    std::string screen_;
};

constexpr std::string_view ctrl_c = "\x03";

inline bool gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

/// Complaints are one line that names the program.
inline bool is_one_line(const std::string& err) {
    return err.starts_with("procpool: ") && err.ends_with('\n') &&
           std::ranges::count(err, '\n') == 1;
}

}  // namespace command
