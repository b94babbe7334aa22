#include "os/helper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/clock.hpp"
#include "os/fault.hpp"
#include "os/fork.hpp"
#include "os/lifelines.hpp"
#include "os/orderly_exit.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "os/thread_stack.hpp"
#include "os/unseen_fork.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

constexpr std::size_t most_memory = std::size_t{2} << 30U;
constexpr int first_to_die = 1000;
constexpr std::uint64_t longest_death = 200 * ms;

struct Work {
    const std::function<void(const Fd&)>& function;
    Fd to;
};

void leave_at_exit(int status, void* /*unused*/) { end_process(status); }

void limit(int what, rlim_t most) noexcept {
    rlimit now{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(what), &now) == 0) {
        now.rlim_cur = std::min(now.rlim_max, most);
        ::setrlimit(static_cast<__rlimit_resource_t>(what), &now);
    }
}

void drop_output() noexcept {
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
        if (null) {
            ::dup2(null.get(), stream);
        } else {
            ::close(stream);
        }
    }
}

/// In the new process, on its own stack.
void do_work(void* argument) {
    auto& work = *static_cast<Work*>(argument);
    try {
        work.function(work.to);
    } catch (...) {
        end_process(EXIT_FAILURE);
    }
    end_process(0);
}

[[noreturn]] void help(Work& work, std::uint64_t time_ns) noexcept {
    lifelines::close_all();
    name_process("procpool names");
    // Nobody may be left to end it.
    if (!end_process_after(2 * time_ns)) {
        end_process(EXIT_FAILURE);
    }
    offer_to_memory_killer(first_to_die);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, RLIM_INFINITY);
    limit(RLIMIT_DATA, RLIM_INFINITY);
    limit_growth(most_memory);
    drop_output();
    ::on_exit(leave_at_exit, nullptr);
    leave_for_new_stack(do_work, &work);
    end_process(EXIT_FAILURE);
}

/// Until the end of what comes, or of the time.
void read_all(const Fd& from, std::uint64_t until, std::size_t most, std::string& answer) {
    std::array<char, 4096> piece{};
    while (answer.size() < most) {
        const std::uint64_t now = now_ns();
        if (now >= until) {
            return;
        }
        wait_readable({from.get()}, static_cast<int>((until - now) / ms) + 1);
        const auto got = call_through_signals(
            Call::read, [&] { return ::read(from.get(), piece.data(), piece.size()); });
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            return;
        }
        if (got > 0) {
            answer.append(piece.data(), static_cast<std::size_t>(got));
        }
    }
}

}  // namespace

std::optional<std::string> answer_of_helper(const std::function<void(const Fd& to)>& work,
                                            std::uint64_t time_ns, std::size_t most) {
    std::string answer;
    answer.reserve(4096);
    Pipe pipe;
    try {
        pipe = make_pipe();
    } catch (const std::exception&) {
        return std::nullopt;
    }
    Work ours{work, std::move(pipe.write_end)};
    UnseenChild child;
    {
        const SignalBlock quiet;
        child = fork_unseen(single_threaded());
        if (child.pid == 0) {
            help(ours, time_ns);
        }
    }
    if (child.pid < 0) {
        return std::nullopt;
    }
    const Fd pidfd = open_pidfd(child.pid);
    ours.to.reset();
    const auto end = [&] {
        send_signal(pidfd, SIGKILL);
        if (child.is_child) {
            if (!pidfd) {
                send_signal(child.pid, SIGKILL);
            }
            // It may wait for a file system that does not answer.
            reap_until(child.pid, now_ns() + longest_death);
        }
    };
    try {
        read_all(pipe.read_end, now_ns() + time_ns, most, answer);
    } catch (...) {
        end();
        throw;
    }
    end();
    return answer;
}

bool write_answer(const Fd& to, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto sent = call_through_signals(Call::write, [&] {
            return ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        });
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        pollfd watch{to.get(), POLLOUT, 0};
        if (errno != EAGAIN ||
            call_through_signals(Call::poll, [&] { return ::poll(&watch, 1, -1); }) != 1 ||
            (watch.revents & (POLLERR | POLLHUP)) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
