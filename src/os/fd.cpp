#include "os/fd.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "os/fault.hpp"
#include "os/refusal.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

FileIdentity identity_of(int number) noexcept {
    struct stat status{};
    if (number < 0 || ::fstat(number, &status) != 0) {
        return {};
    }
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

Fd above_standard_streams(Fd fd) noexcept {
    if (!fd || fd.get() > STDERR_FILENO) {
        return fd;
    }
    return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

Pipe make_pipe() {
    std::array<int, 2> ends{};
    // Sockets, because a write to a pipe that nobody reads any more raises SIGPIPE.
    if (call(Call::make_pipe, [&] {
            return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                                ends.data());
        }) != 0) {
        const int error = errno;
        throw std::system_error(error, std::generic_category(),
                                "procpool: cannot make a pipe" + why_refused("socketpair", error));
    }
    Pipe pipe{above_standard_streams(Fd(ends[0])), above_standard_streams(Fd(ends[1]))};
    if (!pipe.read_end || !pipe.write_end) {
        const int error = errno;
        throw std::system_error(error, std::generic_category(),
                                "procpool: cannot keep a pipe" + why_refused("fcntl", error));
    }
    return pipe;
}

bool poke(const Fd& pipe) noexcept {
    const char byte = 1;
    return call_through_signals(Call::write,
                                [&] { return ::send(pipe.get(), &byte, 1, MSG_NOSIGNAL); }) == 1 ||
           errno == EAGAIN;
}

Drained drain(const Fd& pipe) noexcept {
    std::array<char, 256> sink{};
    for (Drained drained = Drained::nothing;; drained = Drained::something) {
        const auto got = call_through_signals(
            Call::read, [&] { return ::read(pipe.get(), sink.data(), sink.size()); });
        if (got == 0) {
            return Drained::closed;
        }
        if (got < 0) {
            return drained;
        }
    }
}

bool hang_up(const Fd& pipe, std::uint64_t timeout_ms) noexcept {
    ::shutdown(pipe.get(), SHUT_WR);
    pollfd watch{.fd = pipe.get(), .events = 0, .revents = 0};
    return call_through_signals(
               Call::poll, [&] { return ::poll(&watch, 1, static_cast<int>(timeout_ms)); }) == 1;
}

bool tell(const Fd& pipe, std::uint32_t number) noexcept {
    return call_through_signals(Call::write, [&] {
               return ::send(pipe.get(), &number, sizeof number, MSG_NOSIGNAL);
           }) == sizeof number;
}

std::optional<std::uint32_t> hear(const Fd& pipe) noexcept {
    std::uint32_t number = 0;
    for (;;) {
        pollfd watch{pipe.get(), POLLIN, 0};
        call_through_signals(Call::poll, [&] { return ::poll(&watch, 1, -1); });
        const auto got = call_through_signals(
            Call::read, [&] { return ::read(pipe.get(), &number, sizeof number); });
        if (got == sizeof number) {
            return number;
        }
        if (got >= 0 || errno != EAGAIN) {
            return std::nullopt;
        }
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
