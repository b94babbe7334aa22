#include "server.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace lecture {

namespace {

using Clock = std::chrono::steady_clock;

struct Answer {
    Fd caller;
    double value;
    Clock::time_point due;
};

timespec until(Clock::time_point due) {
    return to_timespec(std::max<std::chrono::nanoseconds>(due - Clock::now(), {}));
}

}  // namespace

Listener listen_on_loopback() {
    Listener listener{.socket = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    const int socket = listener.socket.get();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (socket < 0 ||
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket, SOMAXCONN) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw_errno("cannot listen on 127.0.0.1");
    }
    listener.port = ntohs(address.sin_port);
    return listener;
}

void serve(int listening_socket, std::chrono::nanoseconds delay) {
    std::vector<Fd> asking;      // callers whose question is not read yet
    std::deque<Answer> waiting;  // all have the same delay, so the first one is due first
    for (;;) {
        std::vector<pollfd> polled{{.fd = listening_socket, .events = POLLIN, .revents = 0}};
        for (const auto& caller : asking) {
            polled.push_back({caller.get(), POLLIN, 0});
        }
        const timespec patience =
            until(waiting.empty() ? Clock::time_point{} : waiting.front().due);
        if (::ppoll(polled.data(), polled.size(), waiting.empty() ? nullptr : &patience, nullptr) <
                0 &&
            errno != EINTR) {
            throw_errno("ppoll");
        }

        for (std::size_t i = asking.size(); i-- > 0;) {
            if (polled[i + 1].revents == 0) {
                continue;
            }
            double x = 0;
            if (::recv(asking[i].get(), &x, sizeof x, 0) == sizeof x) {
                waiting.push_back({std::move(asking[i]), x * x, Clock::now() + delay});
            }
            asking.erase(asking.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (polled[0].revents != 0) {
            Fd caller(::accept4(listening_socket, nullptr, nullptr, SOCK_CLOEXEC));
            if (!caller && errno != EINTR && errno != ECONNABORTED) {
                throw_errno("accept");
            }
            if (caller) {
                asking.push_back(std::move(caller));
            }
        }
        for (; !waiting.empty() && waiting.front().due <= Clock::now(); waiting.pop_front()) {
            const auto& answer = waiting.front();
            ::send(answer.caller.get(), &answer.value, sizeof answer.value, MSG_NOSIGNAL);
        }
    }
}

}  // namespace lecture
