#include "engine/server/nursery.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/server/limits.hpp"
#include "engine/server/orders.hpp"
#include "engine/server/server.hpp"
#include "os/channel.hpp"
#include "os/clock.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/mapping.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "os/standing.hpp"
#include "ship/modules.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// The client may have given up rights since this process was forked off, and be somewhere else. If
/// this one cannot follow, there is no pool: workers have no more rights than their client.
void stand_as_client(const Order& order, const os::Fd& root, const os::Fd& working_directory) {
    Server::set_rights(order.layout);
    const char* const other = os::take_standing(order.standing, root, working_directory);
    if (other == nullptr) {
        return;
    }
    ServerPage& page = order.layout.server();
    std::strncpy(page.other_standing.data(), other, page.other_standing.size() - 1);
    page.error.store(EPERM, std::memory_order_relaxed);
    page.state_word.store(static_cast<std::uint32_t>(ServerState::ended),
                          std::memory_order_seq_cst);
    os::futex_wake(page.state_word, 1 << 30);
    os::end_process(0);
}

/// The fork servers that this process forked, and what they leave when they are killed: it becomes
/// a child of this process.
class Servers {
public:
    void add(pid_t pid) { pids_.push_back(pid); }
    /// In a forked child, which is to find none.
    void forget() { children_.close(); }

    /// Reaps what has ended, and kills every child that is no fork server.
    void look() {
        while (const pid_t ended = os::next_ended_child()) {
            os::reap(ended);
            std::erase(pids_, ended);
        }
        for (const pid_t child : children_.find().value_or(std::vector<pid_t>())) {
            if (std::ranges::find(pids_, child) == pids_.end() && os::is_child(child)) {
                os::send_signal(child, SIGKILL);
            }
        }
    }

    /// Call it when the client is gone: they end by themselves. Who adopts them may never reap.
    void await_all() {
        const std::uint64_t until = os::now_ns() + last_orphan_time_limit;
        for (look(); os::now_ns() < until && !children_.find().value_or(pids_).empty(); look()) {
            os::sleep_ns(os::ms);
        }
    }

private:
    std::vector<pid_t> pids_;
    os::Children children_;
};

}  // namespace

void tend_nursery(os::Fd channel, const os::Fd& client, pid_t client_pid) noexcept {
    os::block_all_signals();
    os::name_process("procpool clean");
    os::adopt_orphans();
    Servers servers;
    const bool ignores_children = os::take_notice_of_children();
    os::empty_stdin();
    const os::Fd signals = os::make_signalfd();
    const std::vector<int> watched{channel.get(), client.get(), signals.get()};
    for (;;) {
        os::wait_readable(watched, -1);
        if (os::has_ended(client)) {
            servers.await_all();
            os::end_process(0);
        }
        while (os::read_signal(signals) != 0) {
        }
        servers.look();
        if (!os::is_readable(channel)) {
            continue;
        }
        os::Message message = os::receive(channel);
        Order order;
        if (!read(message.bytes, order)) {
            servers.await_all();  // the client is gone, or replaced itself by exec
            os::end_process(0);
        }
        const bool all_there =
            std::all_of(message.descriptors.begin(), message.descriptors.end(),
                        [](const os::Fd& descriptor) { return static_cast<bool>(descriptor); });
        if (message.descriptors.empty() || !all_there) {
            const Answer refusal{order.number, 0, EMFILE};
            os::send(channel, bytes_of(refusal));
            continue;
        }
        message.descriptors.resize(3);  // the directories are not always sent
        os::Fd for_server = os::open_pidfd(client_pid);
        const pid_t pid = for_server ? os::fork_process() : -1;
        const int fork_error = errno;
        if (pid == 0) {
            servers.forget();
            channel.reset();
            if (ignores_children) {
                os::ignore_children();
            }
            stand_as_client(order, message.descriptors[1], message.descriptors[2]);
            message.descriptors[1].reset();
            message.descriptors[2].reset();
            Server::live(order.layout,
                         {std::move(message.descriptors[0]), std::move(for_server), client_pid});
        }
        if (pid > 0) {
            servers.add(pid);
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

/// Whoever starts the program may send it orders. They are carried out with his rights, whatever
/// the file of the program would give to the process.
void serve_anew(os::Fd channel) noexcept {
    if (!os::give_up_raised_rights()) {
        os::end_process(EXIT_FAILURE);
    }
    os::Message message = os::receive(channel);
    Order order;
    if (!read(message.bytes, order)) {
        os::end_process(0);
    }
    Answer answer{order.number, os::own_pid(), 0};
    std::vector<std::byte> here;
    std::byte* const region = order.layout.region_base();
    if (message.descriptors.size() != 3 || !message.descriptors[2]) {
        answer = {order.number, 0, EMFILE};
    } else if (!os::map_region_at(region, order.layout.region_size(), message.descriptors[1])) {
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
    stand_as_client(order, {}, {});
    Server::live(order.layout, {std::move(message.descriptors[0]),
                                std::move(message.descriptors[2]), order.client});
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
