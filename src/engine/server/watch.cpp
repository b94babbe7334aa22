#include <algorithm>
#include <csignal>

#include "engine/server/server.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/process_table.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What is looked at from time to time: whether the client is stopped, and the deadlines of items.
namespace engine {
namespace {

/// While there is work, the client is looked at as often: the workers stop when it does.
constexpr std::uint64_t watch_interval = 50 * ms;
/// Without work for so long, the client is not looked at any more.
constexpr std::uint64_t watch_patience = 1'000 * ms;

}  // namespace

int Server::milliseconds_to_sleep() const {
    const std::uint64_t now = os::now_ns();
    std::uint64_t until = ~std::uint64_t{0};
    if (const std::uint64_t look = layout_.server().next_look.load(std::memory_order_relaxed);
        look != 0 && stopped_at_ == 0) {
        until = std::min(until, look);
    }
    if (stopped_at_ != 0) {
        until = std::min(until, now + 20 * ms);
    } else if (watching_) {
        until = std::min(until, last_watch_ + watch_interval);
    }
    if (orphans_left_) {
        until = std::min(until, now + 10 * ms);
    }
    for (const Place& place : places_) {
        if (!broken_ && (place.ended || place.down)) {
            until = std::min(until, now + 5 * ms);  // until the client made room
        } else if (!broken_ && place.vacant) {
            until = std::min(until, std::max(retry_fork_at_, now));
        }
    }
    if (until == ~std::uint64_t{0}) {
        return -1;
    }
    return until <= now
               ? 0
               : static_cast<int>(std::min<std::uint64_t>((until - now + ms - 1) / ms, 60'000));
}

bool Server::has_work() const { return layout_.pool().active.any(); }

/// Without work nobody needs to stop with the client: then this process sleeps until the client
/// pokes it at the next job.
void Server::keep_watch() {
    const std::uint64_t now = os::now_ns();
    std::atomic<std::uint32_t>& watching = layout_.server().watching;
    if (has_work()) {
        last_work_ = now;
    }
    const bool worth_it = now - last_work_ <= watch_patience;
    if (watching_ && !worth_it) {
        watching.store(0, std::memory_order_seq_cst);
        watching_ = has_work();  // one that came meanwhile saw the old word, or is seen here
    } else {
        watching_ = worth_it;
    }
    if (watching_ && watching.load(std::memory_order_relaxed) == 0) {
        watching.store(1, std::memory_order_seq_cst);
    }
}

/// Ctrl-Z stops the client's group, and with the client its workers: they are in groups of their
/// own.
void Server::follow_client_stops() {
    keep_watch();
    const std::uint64_t now = os::now_ns();
    if (stopped_at_ == 0 && (!watching_ || now - last_watch_ < watch_interval)) {
        return;
    }
    last_watch_ = now;
    const bool stopped = os::run_state(ends_.client_pid) == os::RunState::stopped;
    if (stopped == (stopped_at_ != 0)) {
        return;
    }
    if (stopped) {
        stopped_at_ = now;
    } else {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            Place& place = places_[i];
            const std::uint64_t started =
                layout_.slot(static_cast<int>(i)).started.load(std::memory_order_acquire);
            const std::uint64_t before = place.paused_item == started ? place.paused_ns : 0;
            place.paused_item = started;
            place.paused_ns = before + now - std::min(now, std::max(started, stopped_at_));
        }
        stopped_at_ = 0;
    }
    for (const Place& place : places_) {
        os::send_signal_to_group(place.pid, stopped ? SIGSTOP : SIGCONT);
    }
}

void Server::look_at_deadlines() {
    ServerPage& server = layout_.server();
    for (;;) {
        const std::uint64_t shortest =
            layout_.pool().shortest_timeout.load(std::memory_order_seq_cst);
        if (shortest == 0) {
            server.next_look.store(0, std::memory_order_seq_cst);
        } else if (stopped_at_ == 0) {
            const std::uint64_t now = os::now_ns();
            std::uint64_t next = now + shortest;
            for (int worker = 0; worker < layout_.workers(); ++worker) {
                Slot& slot = layout_.slot(worker);
                const std::uint64_t job = slot.job.load(std::memory_order_acquire);
                std::uint64_t seen = slot.verdict.load(std::memory_order_acquire);
                if (!is_phase(slot.phase.load(std::memory_order_acquire))) {
                    kill_worker(worker);  // written over by its task: nothing here can be timed
                    continue;
                }
                if (places_[static_cast<std::size_t>(worker)].pid == 0 ||
                    state_of(seen) != Verdict::running || job >= layout_.jobs()) {
                    continue;
                }
                const std::uint64_t started = slot.started.load(std::memory_order_acquire);
                const Place& place = places_[static_cast<std::size_t>(worker)];
                const std::uint64_t paused = place.paused_item == started ? place.paused_ns : 0;
                const std::uint64_t timeout = layout_.job(job).terms.timeout_ns;
                const std::uint64_t deadline = started + timeout + paused;
                if (timeout == 0 || slot.verdict.load(std::memory_order_acquire) != seen) {
                    continue;
                }
                if (deadline > now) {
                    next = std::min(next, deadline);
                } else if (slot.verdict.compare_exchange_strong(
                               seen, seen - static_cast<std::uint64_t>(Verdict::running) +
                                         static_cast<std::uint64_t>(Verdict::condemned))) {
                    kill_worker(worker);
                }
            }
            server.next_look.store(next, std::memory_order_seq_cst);
        }
        // A job that came meanwhile saw the old `next_look`, or is seen here.
        if (layout_.pool().shortest_timeout.load(std::memory_order_seq_cst) == shortest) {
            return;
        }
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
