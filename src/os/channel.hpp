#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// Two connected ends; what is sent arrives whole and in order, with descriptors. Close-on-exec.
struct Channel {
    Fd ours;
    Fd theirs;
};
/// Throws std::system_error.
[[nodiscard]] Channel make_channel();

/// Sends one message, with at most 4 descriptors. False and errno on failure, above all when the
/// other end is gone.
bool send(const Fd& channel, std::span<const std::byte> bytes,
          const std::vector<int>& descriptors = {}) noexcept;

struct Message {
    std::vector<std::byte> bytes;
    std::vector<Fd> descriptors;  ///< close-on-exec
};
/// The next message; blocks until it is there. Without bytes and descriptors when the other end is
/// gone or on failure. Throws std::bad_alloc.
[[nodiscard]] Message receive(const Fd& channel);

}  // namespace os
PROCPOOL_END_NAMESPACE
