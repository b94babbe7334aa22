#include "support/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/processes.hpp"

extern char** environ;

namespace support {

Program::Program(const std::string& name, const std::vector<std::string>& arguments) {
    static int started = 0;
    mark_ = "PROCPOOL_TEST=" + std::to_string(::getpid()) + "-" + std::to_string(++started) + "-";
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
    output_ = ends[0];

    const std::string path = PROCPOOL_PROGRAMS "/" + name;
    std::vector<char*> argv{const_cast<char*>(path.c_str())};
    for (const auto& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        environment.push_back(*entry);
    }
    environment.push_back(mark_.data());
    environment.push_back(nullptr);

    // A group of its own, in this session: so it is not an orphaned one, which ignores Ctrl-Z.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const int error =
        ::posix_spawn(&pid_, path.c_str(), &actions, &attributes, argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    ::close(ends[1]);
    if (error != 0) {
        throw std::system_error(error, std::generic_category(), path);
    }
}

Program::~Program() {
    kill();
    wait();
    static_cast<void>(eventually([&] {
        for (const pid_t pid : offspring()) {
            ::kill(pid, SIGKILL);
        }
        return offspring().empty();
    }));
    ::close(output_);
}

void Program::kill() const { signal(SIGKILL); }

void Program::signal(int number) const {
    if (!reaped_) {
        ::kill(pid_, number);
    }
}

void Program::signal_group(int number) const {
    if (!reaped_) {
        ::kill(-pid_, number);
    }
}

int Program::wait() {
    if (!reaped_) {
        ::waitpid(pid_, &status_, 0);
        reaped_ = true;
    }
    return status_;
}

std::string Program::line() {
    for (const Bound bound(patience);;) {
        if (const auto end = text_.find('\n'); end != std::string::npos) {
            const std::string first = text_.substr(0, end);
            text_.erase(0, end + 1);
            return first;
        }
        pollfd watch{.fd = output_, .events = POLLIN, .revents = 0};
        if (::poll(&watch, 1, 100) == 1) {
            std::array<char, 4096> buffer{};
            const auto got = ::read(output_, buffer.data(), buffer.size());
            if (got <= 0) {
                return {};
            }
            text_.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (!bound.pause()) {
            return {};
        }
    }
}

std::vector<pid_t> Program::offspring() const {
    std::vector<pid_t> found = marked_with(mark_);
    std::erase(found, pid_);
    return found;
}

}  // namespace support
