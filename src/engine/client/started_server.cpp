#include "engine/client/started_server.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

#include "engine/server/nursery.hpp"
#include "engine/server/orders.hpp"
#include "engine/shared/interface.hpp"
#include "memory/region.hpp"
#include "os/channel.hpp"
#include "os/fork.hpp"
#include "os/lifelines.hpp"
#include "os/output.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "os/reaping.hpp"
#include "os/refusal.hpp"
#include "os/signals.hpp"
#include "os/standing.hpp"
#include "os/unseen_fork.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// The clean process as the client sees it. Never ended explicitly: it exits when the client does.
struct Nursery {
    std::mutex mutex;  // one order at a time
    std::uint64_t last_order = 0;
    const std::uint64_t owner = os::process_mark();
    os::KeptFd channel;
    os::KeptFd pidfd;  // lost with the channel, if the program closes all descriptors

    [[nodiscard]] bool lives() const { return !channel.is_lost() && !os::has_ended(pidfd.fd()); }
    std::vector<ship::Module> modules;
    std::vector<std::string> arguments;  // of the program
};

/// The one of this process, or of the process that it was forked from: the lock of that one may be
/// held for ever. Never deleted: workers and late destructors still look at it.
std::atomic<Nursery*> newest{nullptr};

/// The one of this process; null before init().
Nursery* nursery() noexcept {
    Nursery* const seen = newest.load(std::memory_order_acquire);
    return seen != nullptr && seen->owner == os::process_mark() ? seen : nullptr;
}

/// In place of an order's number: the program was not even started.
constexpr std::uint64_t not_started = ~std::uint64_t{0};

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error(error != 0 ? error : ECHILD, std::generic_category(), what);
}

os::Fd watch_this_process() {
    os::Fd self = os::open_pidfd(os::own_pid());
    if (!self) {
        const int error = errno;
        fail(error, "procpool: cannot watch this process" + os::why_refused("pidfd_open", error));
    }
    return self;
}

/// The peer's answer; empty if it ended without one. The end of the channel alone would not tell: a
/// child that the program forked meanwhile may hold a copy of the peer's end.
os::Message answer_from(const os::Fd& channel, const os::Fd& peer) {
    for (;;) {
        os::wait_readable({channel.get(), peer.get()}, -1);  // a signal ends this wait, too
        const bool ended = os::has_ended(peer);
        if (os::is_readable(channel)) {
            return os::receive(channel);
        }
        if (ended) {
            return {};
        }
    }
}

/// Sends an order and waits for its answer. Answers to earlier orders, which nobody waited for, are
/// dropped.
os::Message answer_to(Order order, Nursery& clean, const os::Fd& commands, Answer& answer) {
    order.number = ++clean.last_order;
    const char* const gone =
        "procpool: the clean process that init() started is gone, or the program closed the "
        "descriptors to it: use Start::fork, or start the program again";
    if (!clean.lives()) {
        fail(ECHILD, gone);
    }
    const os::Fd root = os::open_directory("/");
    const os::Fd here = os::open_directory(".");
    std::vector<int> sent{commands.get()};
    if (root && here) {  // without them it stands where it is
        sent.insert(sent.end(), {root.get(), here.get()});
    }
    if (!os::send(clean.channel.fd(), bytes_of(order), sent)) {
        fail(errno, gone);
    }
    for (;;) {
        os::Message message = answer_from(clean.channel.fd(), clean.pidfd.fd());
        if (!read(message.bytes, answer)) {
            fail(ECHILD, gone);
        }
        if (answer.order == order.number) {
            return message;
        }
    }
}

}  // namespace

bool nursery_lives() noexcept {
    const Nursery* const clean = nursery();
    return clean != nullptr && clean->lives();
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
        answer_to({.layout = layout, .client = os::own_pid(), .standing = os::own_standing()},
                  *clean, commands, answer);
    if (answer.pid == 0) {
        fail(answer.error,
             "procpool: cannot start the fork server" + os::why_refused("clone", answer.error));
    }
    started.pid = answer.pid;
    if (message.descriptors.size() == 1) {
        started.pidfd = std::move(message.descriptors[0]);
    }
    started.error = answer.error != 0 ? answer.error : EMFILE;
    return started;
}

StartedServer start_anew(const Layout& layout, const os::Fd& commands, const os::KeptFd& region,
                         const CheckModules& check) {
    const Nursery* const clean = nursery();
    if (clean == nullptr) {
        throw std::logic_error(
            "procpool: Start::spawn starts this program anew, and there init() takes over: call "
            "procpool::init(argc, argv) first thing in main(); a forked child cannot, and takes "
            "Start::fork");
    }
    if (region.is_lost()) {
        fail(EBADF,
             "procpool: the program closed all descriptors, and Start::spawn needs one of those of "
             "the library: use Start::fork");
    }
    // A number could mean another process there: it may be in a PID namespace of its own.
    const os::Fd self = watch_this_process();
    os::Channel channel = os::make_channel();
    const os::lifelines::Held ours(channel.ours.get());
    const std::string number = std::to_string(channel.theirs.get());
    const std::array<const char*, 4> arguments{clean->arguments.front().c_str(), server_flag,
                                               number.c_str(), nullptr};
    pid_t pid = 0;
    {
        const os::SignalBlock quiet;
        pid = os::fork_unseen(false).pid;
        if (pid == 0) {
            os::empty_stdin();
            const int why = os::start_program_anew(arguments.data(), channel.theirs.get());
            const Answer answer{.order = not_started, .pid = 0, .error = why};
            os::send(channel.theirs, bytes_of(answer));
            os::end_process(127);
        }
    }
    const int error = errno;
    channel.theirs.reset();
    if (pid <= 0) {
        fail(error, "procpool: cannot start the program anew" + os::why_no_fork(error));
    }
    StartedServer started;
    started.pid = pid;
    started.pidfd = os::open_pidfd(pid);
    if (!started.pidfd) {
        const int why = errno;
        if (os::is_child(pid)) {
            os::send_signal(pid, SIGKILL);
        }
        fail(why, "procpool: cannot watch the program that was started anew" +
                      os::why_refused("pidfd_open", why));
    }
    const std::vector<ship::Module> modules = ship::loaded_modules();
    const std::vector<std::byte> encoded = ship::encode(modules);
    const detail::Block block = detail::Block::copy_of(encoded);
    const Order order{.layout = layout,
                      .client = os::own_pid(),
                      .modules_at = static_cast<std::uint64_t>(block.data() - layout.region_base()),
                      .modules_size = encoded.size(),
                      .standing = os::own_standing()};
    const os::Message message =
        os::send(channel.ours, bytes_of(order), {commands.get(), region.get(), self.get()})
            ? answer_from(channel.ours, started.pidfd)
            : os::Message();
    Answer answer;
    if (!read(message.bytes, answer) ||
        (answer.pid != 0 && message.bytes.size() != sizeof answer + modules.size())) {
        os::reap(started.pidfd, false);
        fail(ECHILD,
             "procpool: the program that was started anew ended before it called init(): call "
             "procpool::init(argc, argv) first thing in main(), and start the program itself, not "
             "the dynamic loader with its name");
    }
    if (answer.pid == 0) {
        os::reap(started.pidfd, false);
        fail(answer.error,
             answer.error == ENOEXEC
                 ? std::string("procpool: the file of this program was replaced while it runs: "
                               "start it again")
             : answer.order == not_started
                 ? std::string("procpool: the program cannot be started anew by /proc/self/exe: "
                               "mount /proc, or use Start::fork")
                 : "procpool: the program that was started anew cannot become a fork server" +
                       os::why_refused("clone", answer.error));
    }
    for (std::size_t i = 0; i < modules.size(); ++i) {
        if (message.bytes[sizeof answer + i] == std::byte{1}) {
            started.modules.push_back(modules[i]);
        }
    }
    try {
        check(started.modules);
    } catch (...) {
        os::send_signal(started.pidfd, SIGKILL);
        os::wait_for_end(started.pidfd, 10'000);
        os::reap(started.pidfd, false);
        throw;
    }
    const std::byte go_on{1};
    os::send(channel.ours, {&go_on, 1});  // if it has ended, the wait for its workers ends
    return started;
}

void found_nursery(int argc, const char* const* argv) {
    if (nursery() != nullptr) {
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
    os::check_calls(true);
    memory::Region::current();  // the clean process must inherit it
    os::Channel channel = os::make_channel();
    const os::Fd client = watch_this_process();
    os::flush_every_file();
    const pid_t client_pid = os::own_pid();
    pid_t pid = 0;
    {
        const os::SignalBlock quiet;
        pid = os::fork_unseen(true).pid;
        if (pid == 0) {
            os::lifelines::close_all();
            channel.ours.reset();
            tend_nursery(std::move(channel.theirs), client, client_pid);
        }
    }
    if (pid < 0) {
        const int error = errno;
        fail(error, "procpool: init() cannot start its process" + os::why_refused("clone", error));
    }
    clean->pidfd = os::KeptFd(os::open_pidfd(pid));
    if (!clean->pidfd) {
        const int error = errno;
        channel.ours.reset();
        os::reap(pid);  // it exits when its channel ends
        fail(error,
             "procpool: init() cannot watch its process" + os::why_refused("pidfd_open", error));
    }
    clean->channel = os::KeptFd(std::move(channel.ours));
    os::lifelines::add(clean->channel.get());
    if (Nursery* const inherited = newest.exchange(clean.release(), std::memory_order_acq_rel)) {
        // This is a forked child. The channel of its parent was closed at the fork, and its number
        // may belong to another descriptor by now.
        static_cast<void>(inherited->channel.release());
        inherited->pidfd.reset();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
