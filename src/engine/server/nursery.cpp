#include "engine/server/nursery.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/server/orders.hpp"
#include "engine/server/server.hpp"
#include "os/channel.hpp"
#include "os/fork.hpp"
#include "os/mapping.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "ship/modules.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void tend_nursery(os::Fd channel, const os::Fd& client, pid_t client_pid) noexcept {
    os::block_all_signals();
    const bool ignores_children = os::take_notice_of_children();
    os::empty_stdin();
    const os::Fd signals = os::make_signalfd();
    const std::vector<int> watched{channel.get(), client.get(), signals.get()};
    for (;;) {
        os::wait_readable(watched, -1);
        if (os::has_ended(client)) {
            os::end_process(0);
        }
        while (os::read_signal(signals) != 0) {
        }
        while (const pid_t ended = os::next_ended_child()) {
            os::reap(ended);
        }
        if (!os::is_readable(channel)) {
            continue;
        }
        os::Message message = os::receive(channel);
        Order order;
        if (!read(message.bytes, order)) {
            os::end_process(0);  // the client is gone, or replaced itself by exec
        }
        if (message.descriptors.size() != 1 || !message.descriptors[0]) {
            const Answer refusal{order.number, 0, EMFILE};
            os::send(channel, bytes_of(refusal));
            continue;
        }
        os::Fd for_server = os::open_pidfd(client_pid);
        const pid_t pid = for_server ? os::fork_process() : -1;
        const int fork_error = errno;
        if (pid == 0) {
            channel.reset();
            if (ignores_children) {
                os::ignore_children();
            }
            Server::live(order.layout,
                         {std::move(message.descriptors[0]), std::move(for_server), client_pid});
        }
        const os::Fd pidfd = pid > 0 ? os::open_pidfd(pid) : os::Fd();
        const Answer answer{order.number, std::max(pid, 0),
                            pidfd     ? 0
                            : pid > 0 ? errno
                                      : fork_error};
        os::send(channel, bytes_of(answer),
                 pidfd ? std::vector<int>{pidfd.get()} : std::vector<int>{});
    }
}

void serve_anew(os::Fd channel) noexcept {
    os::Message message = os::receive(channel);
    Order order;
    if (!read(message.bytes, order)) {
        os::end_process(0);
    }
    Answer answer{order.number, os::own_pid(), 0};
    std::vector<std::byte> here;
    std::byte* const region = order.layout.region_base();
    os::Fd client = os::open_pidfd(order.client);
    if (message.descriptors.size() != 2) {
        answer = {order.number, 0, EMFILE};
    } else if (!client ||
               !os::map_region_at(region, order.layout.region_size(), message.descriptors[1])) {
        answer = {order.number, 0, errno};
    } else {
        const std::span<const std::byte> modules(region + order.modules_at, order.modules_size);
        for (const bool present : ship::run_for(ship::decode_modules(modules))) {
            here.push_back(present ? std::byte{1} : std::byte{0});
        }
        if (here.empty() || here[0] == std::byte{0}) {
            answer = {order.number, 0, ENOEXEC};  // the program's file was replaced meanwhile
        }
    }
    const auto bytes = bytes_of(answer);
    here.insert(here.begin(), bytes.begin(), bytes.end());
    // The client compares the modules before any worker can run code that it does not have.
    const bool go_on = os::send(channel, here) && !os::receive(channel).bytes.empty();
    if (answer.pid == 0 || !go_on) {
        os::end_process(0);
    }
    channel.reset();
    message.descriptors[1].reset();
    os::reset_signal_handlers();
    Server::live(order.layout,
                 {std::move(message.descriptors[0]), std::move(client), order.client});
}

os::Fd channel_of_spawned(int argc, const char* const* argv) {
    if (argc != 3 || argv[1] != std::string_view(server_flag)) {
        return {};
    }
    const std::string_view text = argv[2];
    int number = -1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc{} && os::keep_from_exec(number) ? os::Fd(number) : os::Fd();
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
