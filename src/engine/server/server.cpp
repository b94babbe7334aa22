#include "engine/server/server.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/server/limits.hpp"
#include "engine/worker/worker.hpp"
#include "memory/region.hpp"
#include "os/clock.hpp"
#include "os/fd.hpp"
#include "os/fork.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Below it on the stack are frames of the program, or of init(): no exception may reach them.
void Server::live(const Layout& layout, ServerEnds ends) noexcept {
    os::block_all_signals();
    // A signal that kills the client's whole group must not kill the process that cleans up after
    // it.
    os::lead_own_group();
    Worker::prepare();
    const bool ignores_children = os::take_notice_of_children();
    os::adopt_orphans();
    os::empty_stdin();
    memory::Region::protect_inherited(layout.region_base());
    Server server(layout, std::move(ends), ignores_children);
    if (!server.handles_.signals) {
        server.state_.announce(ServerState::broken, errno);
        os::end_process(1);
    }
    server.start_all();
    server.serve();
}

Server::Server(const Layout& layout, ServerEnds ends, bool client_ignores_children)
    : layout_(layout),
      handles_(std::move(ends), client_ignores_children),
      places_(layout_),
      state_(layout_, places_),
      spare_(layout_, handles_),
      descendants_(handles_, places_, spare_),
      deadlines_(layout_, places_),
      client_watch_(layout_, handles_.ends.client_pid, places_, deadlines_),
      filling_(layout_, handles_, places_, spare_, deadlines_, state_),
      burying_(layout_, places_, spare_, descendants_, deadlines_, state_) {}

/// Starts the first workers. If one of them cannot be forked, no pool is made.
void Server::start_all() {
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (!filling_.fill(worker)) {
            state_.announce(ServerState::broken, errno);
            shut_down();
        }
        hear_client();  // it may be gone before all are there
    }
    state_.announce(ServerState::ready, 0);
    filling_.keep_spare();
}

void Server::serve() {
    const std::vector<int> watched{handles_.ends.commands.get(), handles_.ends.client.get(),
                                   handles_.signals.get()};
    for (;;) {
        os::wait_readable(watched, milliseconds_to_sleep());
        hear_client();
        obey();
        handles_.read_signals();
        client_watch_.follow_stops();
        burying_.bury_all();
        descendants_.kill_left();
        if (!state_.broken()) {
            filling_.fill_vacancy();
            deadlines_.look();
        }
    }
}

/// Until the next time at which something has to be looked at; -1: until a descriptor wakes this
/// process.
int Server::milliseconds_to_sleep() const {
    const std::uint64_t now = os::now_ns();
    std::uint64_t until = std::min(client_watch_.next_look(now), descendants_.next_look(now));
    if (!state_.broken()) {
        until = std::min(
            {until, deadlines_.next_look(), burying_.next_look(now), filling_.next_look(now)});
    }
    if (until == never) {
        return -1;
    }
    return until <= now ? 0
                        : static_cast<int>(
                              std::min<std::uint64_t>((until - now + os::ms - 1) / os::ms, 60'000));
}

/// Ends this process if the client is gone.
void Server::hear_client() {
    const os::Drained poked = os::drain(handles_.ends.commands);
    if (poked == os::Drained::closed || os::has_ended(handles_.ends.client)) {
        shut_down();
    }
    if (poked == os::Drained::something) {
        client_watch_.note_work();
    }
}

void Server::obey() {
    const PoolPage& pool = layout_.pool();
    if (pool.command.load(std::memory_order_acquire) == Command::end) {
        shut_down();
    }
    const std::uint64_t condemned = pool.condemned.load(std::memory_order_acquire);
    if (condemned != condemned_seen_) {
        condemned_seen_ = condemned;
        kill_condemned();
    }
}

/// Kills the workers in whose rings the client found corrupt frames.
void Server::kill_condemned() {
    for (int worker = 0; worker < places_.count(); ++worker) {
        const std::uint64_t incarnation = places_.incarnation(worker);
        if (layout_.line(worker).condemn.load(std::memory_order_acquire) == incarnation) {
            places_.kill(worker);
        }
    }
}

void Server::shut_down() {
    places_.kill_all();
    spare_.kill();
    places_.reap_all();
    spare_.reap();
    descendants_.kill_all(os::now_ns() + last_orphan_time_limit);
    state_.announce_end();
    os::end_process(0);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
