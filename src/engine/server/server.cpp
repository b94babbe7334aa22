#include "engine/server/server.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "engine/shared/times.hpp"
#include "engine/worker/worker.hpp"
#include "memory/region.hpp"
#include "os/clock.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The life of the fork server, from its fork to its end.
namespace engine {

/// Beneath lie frames of the program, or of init(): no exception may go on into them.
void Server::live(const Layout& layout, ServerEnds ends) noexcept {
    os::block_all_signals();
    // What kills the client's whole group shall not take along who cleans up after it.
    os::lead_own_group();
    Worker::prepare();
    const bool ignores_children = os::take_notice_of_children();
    os::adopt_orphans();
    os::empty_stdin();
    memory::Region::protect_inherited(layout.region_base());
    Server server(layout, std::move(ends));
    server.ignores_children_ = ignores_children;
    if (!server.signals_) {
        server.announce(ServerState::broken, errno);
        os::end_process(1);
    }
    server.start_all();
    server.serve();
}

Server::Server(const Layout& layout, ServerEnds ends)
    : layout_(layout),
      ends_(std::move(ends)),
      signals_(os::make_signalfd()),
      recovery_(layout),
      places_(static_cast<std::size_t>(layout.workers())) {}

/// In a forked child: gives up what only the fork server needs.
void Server::leave_to_worker() {
    ends_ = {};
    signals_.reset();
    children_ = {};
    if (ignores_children_) {
        os::ignore_children();
    }
}

void Server::announce(ServerState state, int error) {
    ServerPage& page = layout_.server();
    page.error.store(error, std::memory_order_relaxed);
    // At `ended` this is the last thing written: the client may use the memory for something else.
    page.state_word.store(static_cast<std::uint32_t>(state), std::memory_order_seq_cst);
    os::futex_wake(page.state_word, 1 << 30);
}

/// The first workers: a pool that cannot have all of them is not made.
void Server::start_all() {
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        if (!fill(worker)) {
            const int error = errno;
            announce(ServerState::broken, error);
            shut_down();
        }
    }
    announce(ServerState::ready, 0);
    keep_spare();
}

void Server::serve() {
    const std::vector<int> watched{ends_.commands.get(), ends_.client.get(), signals_.get()};
    for (;;) {
        os::wait_readable(watched, milliseconds_to_sleep());
        const os::Drained poked = os::drain(ends_.commands);
        if (poked == os::Drained::closed || os::has_ended(ends_.client)) {
            shut_down();
        }
        if (poked == os::Drained::something) {
            last_work_ = os::now_ns();  // which may be done by now: more of the kind may follow
        }
        obey();
        read_signals();
        follow_client_stops();
        reap_all();
        if (orphans_left_) {
            kill_orphans(0);
        }
        if (!broken_) {
            fill_vacancies();
            look_at_deadlines();
        }
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
        for (int worker = 0; worker < layout_.workers(); ++worker) {
            const std::uint64_t incarnation =
                layout_.server_line(worker).incarnation.load(std::memory_order_relaxed);
            if (layout_.line(worker).condemn.load(std::memory_order_acquire) == incarnation) {
                kill_worker(worker);
            }
        }
    }
}

void Server::read_signals() {
    while (os::read_signal(signals_) != 0) {
    }
}

void Server::ring_waiters(std::size_t job) {
    os::FutexWord& bell = layout_.words(job).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(bell, 1 << 30);
}

void Server::ring_everyone() {
    const ActiveJobs& active = layout_.pool().active;
    for (std::size_t job = active.next(0, layout_.jobs()); job < layout_.jobs();
         job = active.next(job + 1, layout_.jobs())) {
        ring_waiters(job);
    }
}

void Server::kill_worker(int worker) {
    const pid_t pid = places_[static_cast<std::size_t>(worker)].pid;
    os::send_signal_to_group(pid, SIGKILL);
    os::send_signal(pid, SIGKILL);
}

/// No more workers can be had: the pool is broken. Those that live are ended, so that nothing runs
/// for nobody.
void Server::give_up(int error) {
    broken_ = true;
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        kill_worker(worker);
    }
    announce(ServerState::broken, error);
    ring_everyone();
}

void Server::shut_down() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        kill_worker(static_cast<int>(i));
    }
    os::send_signal(spare_.pid, SIGKILL);
    for (const Place& place : places_) {
        if (place.pid != 0) {
            os::reap(place.pid);
        }
    }
    if (spare_.pid != 0) {
        os::reap(spare_.pid);
    }
    places_.clear();
    spare_ = {};
    // Orphans are killed until none is left; a bound keeps one that the kernel cannot end from
    // keeping this process.
    const std::uint64_t until = os::now_ns() + 2'000 * ms;
    for (kill_orphans(until); orphans_left_ && os::now_ns() < until; kill_orphans(until)) {
        while (const pid_t pid = os::next_ended_child()) {
            os::reap(pid);
        }
    }
    announce(ServerState::ended, layout_.server().error.load(std::memory_order_relaxed));
    os::end_process(0);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
