#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include <sys/types.h>

/// Processes that tests and their tasks fork.
namespace support {

/// How a forked child ends, as waitpid tells: 0 if `act` returns true there.
[[nodiscard]] int status_of_child(const std::function<bool()>& act);

/// Waits for ever, whatever signal comes.
[[noreturn]] void wait_for_ever();
/// Computes for ever.
[[noreturn]] void spin_for_ever();

/// Pids that processes of a test report: an object for them to share.
class Roll {
public:
    void call(pid_t pid);
    void clear();
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::vector<pid_t> pids() const;

private:
    std::atomic<std::size_t> count_{0};
    std::array<std::atomic<pid_t>, 64> pids_{};
};

// What a task may start, and leave behind.

/// A child that stays in the group of its worker.
void start_child(Roll& roll);
/// A daemon: forked twice, with a session of its own.
void start_daemon(Roll& roll);

}  // namespace support
