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

/// A program that closed its standard streams gets their numbers for the next descriptors, and may
/// open the streams again: this moves such a descriptor away. It becomes close-on-exec. Empty and
/// errno on failure.
[[nodiscard]] Fd above_standard_streams(Fd fd) noexcept;

struct Pipe {
    Fd read_end;
    Fd write_end;
};

/// Both ends are close-on-exec and non-blocking; use it in this one direction. Throws
/// std::system_error.
[[nodiscard]] Pipe make_pipe();

/// Writes one byte; a pipe that is full already carries the message. False when the other end is
/// gone.
bool poke(const Fd& pipe) noexcept;

enum class Drained { nothing, something, closed };
/// Reads and drops whatever a non-blocking pipe holds; `closed` at its end.
Drained drain(const Fd& pipe) noexcept;

/// Has whoever reads the pipe find its end, and blocks until nobody holds the read end any more, or
/// `timeout_ms`. True if nobody does.
bool hang_up(const Fd& pipe, int timeout_ms) noexcept;

/// Writes a number. False when the other end is gone, or the pipe is full.
bool tell(const Fd& pipe, std::uint32_t number) noexcept;
/// Blocks for a number that was told; nothing when the other end is gone.
std::optional<std::uint32_t> hear(const Fd& pipe) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
