#pragma once

#include <chrono>
#include <cstdint>

#include "fd.hpp"

namespace lecture {

/// A socket that listens on 127.0.0.1, at a port the system chose. Throws std::system_error.
struct Listener {
    Fd socket;
    std::uint16_t port = 0;
};
Listener listen_on_loopback();

/// Serves ask(): squares what each caller sends and answers it `delay` later, all callers side by
/// side. Returns only if the socket breaks.
void serve(int listening_socket, std::chrono::nanoseconds delay);

}  // namespace lecture
