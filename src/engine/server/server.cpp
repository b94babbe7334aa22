#include "engine/server/server.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/server/limits.hpp"
#include "engine/shared/times.hpp"
#include "engine/worker/worker.hpp"
#include "memory/region.hpp"
#include "os/clock.hpp"
#include "os/fd.hpp"
#include "os/fork.hpp"
#include "os/mapping.hpp"
#include "os/output.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "os/thread_stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

namespace {

struct Life {
    const Layout& layout;
    ServerEnds ends;
};

}  // namespace

/// The program may have made the pool in a thread or a fiber with a small stack. Workers inherit
/// the stack of this process.
void Server::live(const Layout& layout, ServerEnds ends) noexcept {
    Life life{layout, std::move(ends)};
    const auto begin = [](void* argument) {
        auto& its = *static_cast<Life*>(argument);
        live_here(its.layout, std::move(its.ends));
    };
    if (!os::has_usual_stack()) {
        os::leave_for_new_stack(begin, &life);
    }
    live_here(layout, std::move(life.ends));
}

/// Below it on the stack are frames of the program, or of init(): no exception may reach them.
void Server::live_here(const Layout& layout, ServerEnds ends) noexcept {
    os::block_all_signals();
    // A signal that kills the client's whole group must not kill the process that cleans up after
    // it.
    os::lead_own_group();
    os::name_process("procpool server");
    Worker::prepare();
    const bool ignores_children = os::take_notice_of_children();
    os::adopt_orphans();
    os::empty_stdin();
    os::forget_output();
    memory::Region::protect_inherited(layout.region_base());
    set_rights(layout);
    Server server(layout, std::move(ends), ignores_children);
    if (!server.handles_.signals) {
        server.report_.announce(ServerState::broken, errno);
        os::end_process(1);
    }
    layout.server().pid.store(os::own_pid(), std::memory_order_relaxed);
    server.start_all();
    server.serve();
}

void Server::set_rights(const Layout& layout) noexcept {
    os::protect(layout.region_base(), layout.region_size(), os::Access::read);
    os::protect(layout.region_base(), os::page_size, os::Access::read_write);
    os::protect(layout.base(), layout.size(), os::Access::read_write);
}

Server::Server(const Layout& layout, ServerEnds ends, bool client_ignores_children)
    : layout_(layout),
      handles_(std::move(ends), client_ignores_children),
      places_(layout_),
      report_(layout_, places_),
      spare_(layout_, handles_),
      descendants_(handles_, places_, spare_),
      deadlines_(layout_, places_),
      stops_(layout_, places_, deadlines_),
      client_watch_(layout_, handles_.ends.client_pid, places_, deadlines_),
      filling_(layout_, handles_, places_, spare_, deadlines_, report_),
      burying_(layout_, places_, spare_, descendants_, deadlines_, stops_, report_) {}

/// Starts the first workers. If one of them cannot be forked, no pool is made.
void Server::start_all() {
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (!filling_.fill(worker)) {
            report_.announce(ServerState::broken, errno);
            shut_down();
        }
        hear_client();  // it may be gone before all are there
    }
    report_.announce(ServerState::ready, 0);
    filling_.keep_spare();
}

void Server::serve() {
    const std::vector<int> watched{handles_.ends.commands.get(), handles_.ends.client.get(),
                                   handles_.signals.get()};
    for (;;) {
        const int time_ms = milliseconds_to_sleep();
        os::wait_readable(watched, time_ms);
        deadlines_.note_time(time_ms < 0 ? never : static_cast<std::uint64_t>(time_ms) * os::ms);
        hear_client();
        obey();
        handles_.read_signals();
        client_watch_.follow_stops();
        burying_.bury_all();
        descendants_.kill_left();
        if (finish_until_ != never) {
            if (!places_.any(Place::State::held) || os::now_ns() >= finish_until_) {
                shut_down();
            }
        } else if (!report_.broken()) {
            filling_.fill_vacancy();
            // What stood still meanwhile must be known before anybody is overdue.
            const std::uint64_t now = deadlines_.note_time(0);
            deadlines_.look(now);
            stops_.look(now);
        }
    }
}

/// Until the next time at which something has to be looked at; -1: until a descriptor wakes this
/// process.
int Server::milliseconds_to_sleep() const {
    const std::uint64_t now = os::now_ns();
    std::uint64_t until = std::min(client_watch_.next_look(now), descendants_.next_look(now));
    if (finish_until_ != never) {
        until = std::min(until, finish_until_);
    } else if (!report_.broken()) {
        until = std::min({until, deadlines_.next_look(), stops_.next_look(),
                          burying_.next_look(now), filling_.next_look(now)});
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
    switch (pool.command.load(std::memory_order_acquire)) {
        case Command::run:
            break;
        case Command::finish:
            if (finish_until_ == never) {
                finish_until_ = os::now_ns() + longest_finish_of_all;
                spare_.kill();
            }
            break;
        case Command::end:
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
    report_.announce_end();
    // Behind the last write: when nobody has this end any more, the memory may be used again.
    handles_.ends.commands.reset();
    os::end_process(0);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
