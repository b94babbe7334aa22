#include "engine/nursery.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <procpool/detail/engine.hpp>
#include <procpool/init.hpp>

#include "engine/lifelines.hpp"
#include "engine/server.hpp"
#include "memory/process_mark.hpp"
#include "memory/region.hpp"
#include "os/channel.hpp"
#include "os/process.hpp"
#include "os/unseen_fork.hpp"
#include "ship/output.hpp"

namespace procpool::engine {
namespace {

constexpr const char* server_flag = "--procpool-fork-server";

/// What is asked of the nursery, and of a program that was started anew.
struct Order {
    std::uint64_t number = 0;  // among those of the client
    Layout layout;
    pid_t client = 0;
    // For the latter: the encoded modules of the client, in the region.
    std::uint64_t modules_at = 0;
    std::size_t modules_size = 0;
};
static_assert(std::is_trivially_copyable_v<Order>);

struct Answer {
    std::uint64_t order = 0;  ///< its number
    pid_t pid = 0;            ///< 0: there is none
    int error = 0;            ///< errno: why there is none, or no pidfd of it
};

/// The clean process as the client sees it. Never ended by hand: it goes when the client does.
struct Nursery {
    std::mutex mutex;  // one order at a time
    std::uint64_t last_order = 0;
    const std::uint64_t owner = memory::process_mark();
    os::Fd channel;
    os::Fd pidfd;
    std::vector<ship::Module> modules;
    std::vector<std::string> arguments;  // how the program was called
};

/// Of this process or of the one that it was forked off, whose lock may be held for ever. Never
/// deleted: workers and late destructors still look at it.
std::atomic<Nursery*> newest{nullptr};

/// Of this process; null before init().
Nursery* nursery() noexcept {
    Nursery* const seen = newest.load(std::memory_order_acquire);
    return seen != nullptr && seen->owner == memory::process_mark() ? seen : nullptr;
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}
template <class T>
bool read(const std::vector<std::byte>& bytes, T& value) {
    if (bytes.size() < sizeof value) {
        return false;
    }
    std::memcpy(&value, bytes.data(), sizeof value);
    return true;
}

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error(error != 0 ? error : ECHILD, std::generic_category(), what);
}

/// What the peer answers; nothing when it ended without. Its end of the channel alone would not
/// tell: a child that the program forked meanwhile may hold a copy.
os::Message answer_from(const os::Fd& channel, const os::Fd& peer) {
    for (;;) {
        os::wait_readable({channel.get(), peer.get()}, -1);  // a signal ends it, too
        const bool ended = os::has_ended(peer);
        if (os::is_readable(channel)) {
            return os::receive(channel);
        }
        if (ended) {
            return {};
        }
    }
}

/// One order and its answer. An answer to an earlier order, which nobody waited for to the end, is
/// dropped.
os::Message answer_to(Order order, Nursery& clean, const os::Fd& commands, Answer& answer) {
    order.number = ++clean.last_order;
    const char* const gone =
        "procpool: the clean process that init() started is gone: use Start::fork, or start the "
        "program again";
    if (!os::send(clean.channel, bytes_of(order), {commands.get()})) {
        fail(errno, gone);
    }
    for (;;) {
        os::Message message = answer_from(clean.channel, clean.pidfd);
        if (!read(message.bytes, answer)) {
            fail(ECHILD, gone);
        }
        if (answer.order == order.number) {
            return message;
        }
    }
}

/// The life of the clean process: forks a fork server for each order, until the client is gone.
/// Beneath lie frames of the program: no exception may go on into them.
[[noreturn]] void tend(os::Fd channel, const os::Fd& client, pid_t client_pid) noexcept {
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

/// The life of a program that was started anew: it becomes the fork server of the one pool it was
/// started for.
[[noreturn]] void serve_anew(os::Fd channel) noexcept {
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
            answer = {order.number, 0, ENOEXEC};  // the file of the program is another one by now
        }
    }
    const auto bytes = bytes_of(answer);
    here.insert(here.begin(), bytes.begin(), bytes.end());
    // The client looks at the modules before any worker runs what may lie in none of them.
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

/// The end of a channel if this program was started anew for a pool.
os::Fd channel_of_spawned(int argc, const char* const* argv) {
    if (argc != 3 || argv[1] != std::string_view(server_flag)) {
        return {};
    }
    const std::string_view text = argv[2];
    int number = -1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc{} && os::keep_from_exec(number) ? os::Fd(number) : os::Fd();
}

}  // namespace

bool init_was_called() noexcept { return nursery() != nullptr; }

bool nursery_lives() noexcept {
    const Nursery* const clean = nursery();
    return clean != nullptr && !os::has_ended(clean->pidfd);
}

std::string words_for_refusal(int error) {
    return error == EMFILE || error == ENFILE ? " (raise `ulimit -n`?)"
                                              : " (too many processes, or too little memory?)";
}

StartedServer start_in_nursery(const Layout& layout, const os::Fd& commands,
                               const CheckModules& check) {
    Nursery* const clean = nursery();
    if (clean == nullptr) {
        throw std::logic_error(
            "procpool: Start::forkserver needs the clean process that init() starts: call "
            "procpool::init(argc, argv) first thing in main(); a forked child has none, and takes "
            "Start::fork");
    }
    check(clean->modules);
    StartedServer started;
    started.modules = clean->modules;
    Answer answer;
    const std::scoped_lock lock(clean->mutex);
    os::Message message =
        answer_to({.layout = layout, .client = os::own_pid()}, *clean, commands, answer);
    if (answer.pid == 0) {
        fail(answer.error,
             "procpool: cannot start the fork server" + words_for_refusal(answer.error));
    }
    started.pid = answer.pid;
    if (message.descriptors.size() == 1) {
        started.pidfd = std::move(message.descriptors[0]);
    }
    started.error = answer.error != 0 ? answer.error : EMFILE;
    return started;
}

StartedServer start_anew(const Layout& layout, const os::Fd& commands, const os::Fd& region,
                         const CheckModules& check) {
    const Nursery* const clean = nursery();
    if (clean == nullptr) {
        throw std::logic_error(
            "procpool: Start::spawn starts this program anew, and there init() takes over: call "
            "procpool::init(argc, argv) first thing in main(); a forked child cannot, and takes "
            "Start::fork");
    }
    os::Channel channel = os::make_channel();
    const lifelines::Held ours(channel.ours.get());
    const std::string number = std::to_string(channel.theirs.get());
    const std::array<const char*, 4> arguments{clean->arguments.front().c_str(), server_flag,
                                               number.c_str(), nullptr};
    pid_t pid = 0;
    {
        const os::SignalBlock quiet;
        pid = os::fork_unseen();
        if (pid == 0) {
            os::reset_signal_handlers();
            os::empty_stdin();
            os::start_program_anew(arguments.data(), channel.theirs.get());
        }
    }
    const int error = errno;
    channel.theirs.reset();
    if (pid <= 0) {
        fail(error, "procpool: cannot start the program anew" + words_for_refusal(error));
    }
    StartedServer started;
    started.pid = pid;
    started.pidfd = os::open_pidfd(pid);
    if (!started.pidfd) {
        const int why = errno;
        os::send_signal(pid, SIGKILL);
        fail(why, "procpool: cannot watch the program that was started anew (raise `ulimit -n`?)");
    }
    const std::vector<ship::Module> modules = ship::loaded_modules();
    const std::vector<std::byte> encoded = ship::encode(modules);
    const detail::Block block(encoded.size());
    std::copy(encoded.begin(), encoded.end(), block.data());
    const Order order{.layout = layout,
                      .client = os::own_pid(),
                      .modules_at = block.offset(),
                      .modules_size = encoded.size()};
    const os::Message message =
        os::send(channel.ours, bytes_of(order), {commands.get(), region.get()})
            ? answer_from(channel.ours, started.pidfd)
            : os::Message();
    Answer answer;
    if (!read(message.bytes, answer) ||
        (answer.pid != 0 && message.bytes.size() != sizeof answer + modules.size())) {
        os::reap_if_ended(pid);
        fail(ECHILD,
             "procpool: the program that was started anew ended before it called init(): call "
             "procpool::init(argc, argv) first thing in main()");
    }
    if (answer.pid == 0) {
        os::reap_if_ended(pid);
        fail(answer.error,
             answer.error == ENOEXEC
                 ? std::string("procpool: the file of this program was replaced while it runs: "
                               "start it again")
                 : "procpool: the program that was started anew cannot become a fork server" +
                       words_for_refusal(answer.error));
    }
    for (std::size_t i = 0; i < modules.size(); ++i) {
        if (message.bytes[sizeof answer + i] == std::byte{1}) {
            started.modules.push_back(modules[i]);
        }
    }
    try {
        check(started.modules);
    } catch (...) {
        os::send_signal(pid, SIGKILL);
        os::wait_for_end(started.pidfd, 10'000);
        os::reap_if_ended(pid);
        throw;
    }
    const std::byte go_on{1};
    os::send(channel.ours, {&go_on, 1});  // if it is gone by now, that shows
    return started;
}

}  // namespace procpool::engine

namespace procpool::inline v0_1 {

void init(int argc, const char* const* argv) {
    using namespace engine;
    if (os::Fd channel = channel_of_spawned(argc, argv)) {
        serve_anew(std::move(channel));
    }
    if (init_was_called()) {
        return;
    }
    if (!os::single_threaded()) {
        throw std::logic_error(
            "procpool: init() must come before any other thread is started: call it first thing in "
            "main()");
    }
    auto clean = std::make_unique<Nursery>();
    clean->modules = ship::loaded_modules();
    clean->arguments.assign(argv, argv + std::max(argc, 0));
    if (clean->arguments.empty()) {
        clean->arguments.emplace_back("procpool");
    }
    memory::Region::current();  // the clean process has to have it
    os::Channel channel = os::make_channel();
    os::Fd client = os::open_pidfd(os::own_pid());
    if (!client) {
        fail(errno, "procpool: cannot watch this process (raise `ulimit -n`?)");
    }
    ship::flush_output();
    std::fflush(nullptr);
    const pid_t client_pid = os::own_pid();
    pid_t pid = 0;
    {
        const os::SignalBlock quiet;
        pid = os::clone_quietly();
        if (pid == 0) {
            lifelines::close_all();
            channel.ours.reset();
            tend(std::move(channel.theirs), client, client_pid);
        }
    }
    if (pid < 0) {
        const int error = errno;
        fail(error, "procpool: init() cannot start its process" + words_for_refusal(error));
    }
    clean->pidfd = os::open_pidfd(pid);
    if (!clean->pidfd) {
        const int error = errno;
        channel.ours.reset();
        os::reap(pid);  // it ends with its channel
        fail(error, "procpool: init() cannot watch its process (raise `ulimit -n`?)");
    }
    clean->channel = std::move(channel.ours);
    lifelines::add(clean->channel.get());
    if (Nursery* const inherited = newest.exchange(clean.release(), std::memory_order_acq_rel)) {
        // A forked child. The channel of its parent was closed at the fork, and the number may be
        // another descriptor's by now.
        static_cast<void>(inherited->channel.release());
        inherited->pidfd.reset();
    }
}

}  // namespace procpool::inline v0_1
