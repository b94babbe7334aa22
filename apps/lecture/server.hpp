#pragma once

#include <chrono>
#include <cstdint>

#include "system.hpp"

namespace lecture {

/// A socket that listens on 127.0.0.1, at a port that the system chose.
struct Listener {
    Fd socket;
    std::uint16_t port = 0;
};
/// Throws std::system_error.
Listener listen_on_loopback();

/// Serves ask(): squares the number of each caller and answers `delay` later, for any number of
/// callers at the same time. Does not return. Throws std::system_error when the socket fails.
void serve(int listening_socket, std::chrono::nanoseconds delay);

}  // namespace lecture
