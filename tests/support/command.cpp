#include "support/command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/processes.hpp"
#include "support/text.hpp"

namespace support {

void execute(const std::string& path, const Arguments& arguments) {
    const std::string name = path.substr(path.rfind('/') + 1);
    std::vector<char*> argv{const_cast<char*>(name.c_str())};
    for (const auto& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    ::execv(path.c_str(), argv.data());
    ::_exit(126);
}

Ended run(const std::string& path, const Arguments& arguments,
          const std::function<void()>& prepare) {
    const int out = ::memfd_create("out", MFD_CLOEXEC);
    const int err = ::memfd_create("err", MFD_CLOEXEC);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(out, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        if (prepare) {
            prepare();
        }
        execute(path, arguments);
    }
    Ended ended;
    ::waitpid(pid, &ended.status, 0);
    ended.out = content_of(out);
    ended.err = content_of(err);
    ::close(out);
    ::close(err);
    return ended;
}

AtTerminal::AtTerminal(const std::string& path, const Arguments& arguments, unsigned short columns,
                       const std::function<void()>& prepare) {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) {
        ::setenv("TERM", "xterm", 1);
        if (prepare) {
            prepare();
        }
        execute(path, arguments);
    }
}

AtTerminal::~AtTerminal() {
    if (!reaped_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(terminal_);
}

void AtTerminal::press(std::string_view keys) const {
    if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
        throw std::system_error(errno, std::generic_category(), "terminal");
    }
}

bool AtTerminal::shows(std::string_view text) {
    return reads_until([&] { return screen_.find(text) != std::string::npos; });
}

bool AtTerminal::shows_match(const char* pattern) {
    return reads_until([&] { return static_cast<bool>(contains_match(screen_, pattern)); });
}

int AtTerminal::exit_code() {
    static_cast<void>(eventually([&] { return !read_on(); }));
    int status = 0;
    ::waitpid(pid_, &status, 0);
    reaped_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<pid_t> AtTerminal::workers() const { return workers_of(pid_); }

bool AtTerminal::reads_until(const std::function<bool()>& condition) {
    bool open = true;
    static_cast<void>(eventually([&] {
        if (open) {
            open = read_on();
        }
        return condition() || !open;
    }));
    return condition();
}

/// False at the end.
bool AtTerminal::read_on() {
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

bool gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace support
