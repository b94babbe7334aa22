#pragma once

#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace lecture {

/// Owns a file descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// The system call `what` has failed: throws std::system_error with errno.
[[noreturn]] inline void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

[[nodiscard]] inline timespec to_timespec(std::chrono::nanoseconds time) {
    return {.tv_sec = static_cast<time_t>(time.count() / 1'000'000'000),
            .tv_nsec = static_cast<long>(time.count() % 1'000'000'000)};
}

}  // namespace lecture
