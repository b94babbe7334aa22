#include "os/polling.hpp"

#include <algorithm>
#include <array>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fault.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

Fd open_pidfd(pid_t pid) noexcept {
    return above_standard_streams(Fd(static_cast<int>(
        call(Call::open_pidfd, [&] { return ::syscall(SYS_pidfd_open, pid, 0); }))));
}

bool wait_for_end(const Fd& pidfd, int timeout_ms) noexcept {
    pollfd watch{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    return call_through_signals(Call::poll, [&] { return ::poll(&watch, 1, timeout_ms); }) == 1 &&
           (watch.revents & (POLLIN | POLLHUP | POLLNVAL)) != 0;
}

bool has_ended(const Fd& pidfd) noexcept { return wait_for_end(pidfd, 0); }

bool is_readable(const Fd& descriptor) noexcept {
    pollfd poll{descriptor.get(), POLLIN, 0};
    return call_through_signals(Call::poll, [&] { return ::poll(&poll, 1, 0); }) == 1;
}

void wait_readable(const std::vector<int>& descriptors, int timeout_ms) noexcept {
    std::array<pollfd, 8> watches{};
    const std::size_t count = std::min(descriptors.size(), watches.size());
    for (std::size_t i = 0; i < count; ++i) {
        watches[i] = {.fd = descriptors[i], .events = POLLIN, .revents = 0};
    }
    call(Call::poll, [&] { return ::poll(watches.data(), count, timeout_ms); });
}

}  // namespace os
PROCPOOL_END_NAMESPACE
