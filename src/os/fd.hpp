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
bool hang_up(const Fd& pipe, int timeout_ms) noexcept;

/// Writes a number. False when the other end is gone, or the pipe is full.
bool tell(const Fd& pipe, std::uint32_t number) noexcept;
/// Blocks until a number was told. Nothing when the other end is gone.
std::optional<std::uint32_t> hear(const Fd& pipe) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
