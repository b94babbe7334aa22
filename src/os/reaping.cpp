#include "os/reaping.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/process.hpp"
#include "os/process_table.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

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
    std::vector<pid_t> children;
    if (call_through_signals(Call::wait_child, look) != 0 && errno == ECHILD) {
        return children;
    }
    if (!list_) {
        // Opened when it is first needed: making it up costs the kernel time.
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
        return children_in_table(own_pid());
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

}  // namespace os
PROCPOOL_END_NAMESPACE
