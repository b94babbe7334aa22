#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>

namespace engine_test {

/// Steps another process, one instruction at a time. For one thread: the kernel knows it as the
/// tracer.
class Tracer {
public:
    enum class Stop { trap, signal, gone };

    Tracer() = default;
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;
    ~Tracer() {
        if (pid_ != 0) {
            kill();
        }
    }

    /// Attaches, and does not stop the process. 0, or errno.
    [[nodiscard]] int seize(pid_t pid) {
        if (::ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_EXITKILL) != 0) {
            return errno;
        }
        pid_ = pid;
        signal_ = 0;
        return 0;
    }
    void detach() {
        ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
        pid_ = 0;
    }

    /// Until the process stops or is gone. One that does neither for seconds, because it waits in a
    /// system call, is killed: see `blocked`.
    Stop wait() {
        const Watch watch(*this);
        int status = 0;
        while (::waitpid(pid_, &status, __WALL) < 0 && errno == EINTR) {
        }
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            pid_ = 0;
            return Stop::gone;
        }
        const bool trapped = WSTOPSIG(status) == SIGTRAP;
        signal_ = trapped ? 0 : WSTOPSIG(status);
        return trapped ? Stop::trap : Stop::signal;
    }
    Stop step() { return resume(PTRACE_SINGLESTEP); }
    Stop go_on() { return resume(PTRACE_CONT); }

    /// Kills it, waits for its end, and leaves it to its parent. Of a process that is gone nothing
    /// is asked.
    void kill() {
        if (pid_ == 0) {
            return;
        }
        ::kill(pid_, SIGKILL);  // its number is not used again before this thread has waited for it
        while (wait() != Stop::gone) {
            ::kill(pid_, SIGKILL);
        }
    }
    /// Only the first half of it.
    void begin_kill() const {
        if (pid_ != 0) {
            ::kill(pid_, SIGKILL);
        }
    }

    [[nodiscard]] std::uintptr_t place() const {
        return static_cast<std::uintptr_t>(
            ::ptrace(PTRACE_PEEKUSER, pid_, offsetof(user, regs.rip), nullptr));
    }

    enum class Ran { there, elsewhere, gone, not_possible };
    /// Runs until the process comes to `place` for the n-th time, with a breakpoint.
    Ran run_to(std::uintptr_t place, std::size_t times = 1) {
        errno = 0;
        const long word = ::ptrace(PTRACE_PEEKTEXT, pid_, place, nullptr);
        if (errno != 0) {
            return Ran::not_possible;
        }
        for (std::size_t i = 0; i < times; ++i) {
            if (i != 0 && step() == Stop::gone) {
                return Ran::gone;
            }
            constexpr long int3 = 0xcc;
            if (::ptrace(PTRACE_POKETEXT, pid_, place, (word & ~0xffL) | int3) != 0) {
                return Ran::not_possible;
            }
            Stop stop = go_on();
            while (stop == Stop::signal) {
                stop = go_on();
            }
            if (stop == Stop::gone) {
                return Ran::gone;
            }
            ::ptrace(PTRACE_POKETEXT, pid_, place, word);
            if (this->place() != place + 1) {
                return Ran::elsewhere;
            }
            ::ptrace(PTRACE_POKEUSER, pid_, offsetof(user, regs.rip), place);
        }
        return Ran::there;
    }

    /// How often a process had to be killed that waited in a system call.
    [[nodiscard]] std::uint64_t blocked() const { return blocked_; }

private:
    static constexpr std::chrono::milliseconds patience_with_calls{1000};

    /// While it lives, the process has only so much time to stop.
    class Watch {
    public:
        explicit Watch(Tracer& tracer) : tracer_(tracer) {
            tracer_.waits_ = tracer_.waits_ + 1;
            tracer_.watched_ = tracer_.pid_;
        }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        ~Watch() { tracer_.watched_ = 0; }

    private:
        Tracer& tracer_;
    };

    Stop resume(__ptrace_request how) {
        if (::ptrace(how, pid_, nullptr, signal_) != 0) {
            kill();  // it was killed in its stop
            return Stop::gone;
        }
        return wait();
    }

    void watch(const std::stop_token& stopped) {
        std::uint64_t seen = 0;
        while (!stopped.stop_requested()) {
            std::this_thread::sleep_for(patience_with_calls / 10);
            const pid_t pid = watched_;
            if (pid == 0 || waits_ != seen) {
                seen = waits_;
                same_for_ = 0;
            } else if (++same_for_ == 10) {
                ++blocked_;
                ::kill(pid, SIGKILL);
            }
        }
    }

    pid_t pid_ = 0;
    int signal_ = 0;  // to deliver when it goes on
    std::atomic<pid_t> watched_{0};
    std::atomic<std::uint64_t> waits_{0};
    std::atomic<std::uint64_t> blocked_{0};
    int same_for_ = 0;
    std::jthread watcher_{[this](const std::stop_token& stopped) { watch(stopped); }};
};

}  // namespace engine_test
