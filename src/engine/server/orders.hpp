#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "os/standing.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The messages between a client and the process that starts a fork server for it.
namespace engine {

/// The first argument of a program that is started anew, to become a fork server. The second is the
/// number of its end of the channel.
inline constexpr const char* server_flag = "--" PROCPOOL_SYMBOL(fork_server);

/// A request to the nursery, or to a program that was started anew.
struct Order {
    std::uint64_t number = 0;  // counts the orders of the client
    Layout layout;
    pid_t client = 0;
    // For a program started anew: the encoded modules of the client, in the region.
    std::uint64_t modules_at = 0;
    std::size_t modules_size = 0;
    os::Standing standing;  // of the client: the workers are to have no other
};
static_assert(std::is_trivially_copyable_v<Order>);

struct Answer {
    std::uint64_t order = 0;  ///< its number
    pid_t pid = 0;            ///< 0: there is none
    int error = 0;            ///< errno: why there is none, or no pidfd of it
};

/// The bytes of a value, to be sent.
template <class T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}
/// Reads a value from the front of what was received. False if that is too short.
template <class T>
bool read(const std::vector<std::byte>& bytes, T& value) {
    if (bytes.size() < sizeof value) {
        return false;
    }
    std::memcpy(&value, bytes.data(), sizeof value);
    return true;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
