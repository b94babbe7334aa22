#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <unistd.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// A file descriptor that closes itself.
class Fd {
public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

    /// Gives up the descriptor without closing it.
    int release() { return std::exchange(number_, -1); }

    void reset() {
        if (number_ >= 0) {
            ::close(number_);  // Linux releases the number even when close reports an error
            number_ = -1;
        }
    }

private:
    int number_ = -1;
};

/// The file behind a descriptor's number; of one that is closed nothing.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t file = 0;

    explicit operator bool() const { return file != 0; }
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
[[nodiscard]] FileIdentity identity_of(int number) noexcept;

/// A descriptor that is kept for long, in a process whose program may close all there are
/// (closefrom, a library that makes a daemon) and get its number for a file of its own.
class KeptFd {
public:
    KeptFd() = default;
    explicit KeptFd(Fd fd) : fd_(std::move(fd)), is_(identity_of(fd_.get())) {}
    KeptFd(KeptFd&&) noexcept = default;
    KeptFd& operator=(KeptFd&& other) noexcept {
        reset();
        fd_ = std::move(other.fd_);
        is_ = other.is_;
        return *this;
    }
    KeptFd(const KeptFd&) = delete;
    KeptFd& operator=(const KeptFd&) = delete;
    ~KeptFd() { reset(); }

    [[nodiscard]] const Fd& fd() const { return fd_; }
    [[nodiscard]] int get() const { return fd_.get(); }
    /// Was one kept?
    explicit operator bool() const { return static_cast<bool>(fd_); }
    /// Was it closed by somebody else?
    [[nodiscard]] bool is_lost() const { return fd_ && identity_of(fd_.get()) != is_; }

    int release() { return fd_.release(); }
    /// Closes what was kept, and nothing else.
    void reset() {
        if (is_lost()) {
            fd_.release();
        }
        fd_.reset();
    }

private:
    Fd fd_;
    FileIdentity is_;
};

/// Moves a descriptor that has the number of a standard stream to a higher number. In a program
/// that closed its standard streams new descriptors get their numbers, and it may open the streams
/// again. A moved descriptor is close-on-exec. Empty and errno on failure.
[[nodiscard]] Fd above_standard_streams(Fd fd) noexcept;

struct Pipe {
    Fd read_end;
    Fd write_end;
};

/// Both ends are close-on-exec and non-blocking; use it in this one direction. Throws
/// std::system_error.
[[nodiscard]] Pipe make_pipe();

/// Writes one byte, without blocking. A full pipe holds the message already: that counts as
/// written. False when the other end is gone.
bool poke(const Fd& pipe) noexcept;

enum class Drained { nothing, something, closed };
/// Reads and drops whatever a non-blocking pipe holds; `closed` at its end.
Drained drain(const Fd& pipe) noexcept;

/// Ends the pipe: whoever reads it finds its end. Then blocks until no process holds the read end
/// any more, at most `timeout_ms`. True if none does.
bool hang_up(const Fd& pipe, std::uint64_t timeout_ms) noexcept;

/// Writes a number. False when the other end is gone, or the pipe is full.
bool tell(const Fd& pipe, std::uint32_t number) noexcept;
/// Blocks until a number was told. Nothing when the other end is gone.
std::optional<std::uint32_t> hear(const Fd& pipe) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
