#include "engine/server/deadlines.hpp"

#include <algorithm>
#include <cstddef>

#include "engine/server/limits.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Deadlines::Deadlines(const Layout& layout, const Places& places)
    : layout_(layout), places_(places), stops_(static_cast<std::size_t>(places.count())) {}

bool Deadlines::any() const {
    return layout_.server().next_look.load(std::memory_order_relaxed) != 0;
}

std::uint64_t Deadlines::next_look() const {
    const std::uint64_t look = layout_.server().next_look.load(std::memory_order_relaxed);
    return look == 0 || paused() ? never : look;
}

void Deadlines::look() {
    ServerPage& server = layout_.server();
    for (;;) {
        const std::uint64_t shortest =
            layout_.pool().shortest_timeout.load(std::memory_order_seq_cst);
        if (shortest == 0) {
            server.next_look.store(0, std::memory_order_seq_cst);
        } else if (!paused()) {
            const std::uint64_t now = os::now_ns();
            std::uint64_t next = now + shortest;
            for (int worker = 0; worker < places_.count(); ++worker) {
                next = std::min(next, look_at(worker, now));
            }
            server.next_look.store(next, std::memory_order_seq_cst);
        }
        // A job that came meanwhile saw the old `next_look`, or is seen here.
        if (layout_.pool().shortest_timeout.load(std::memory_order_seq_cst) == shortest) {
            return;
        }
    }
}

/// The deadline of the item that the worker runs; `never` if it runs none with a timeout, or is
/// killed.
std::uint64_t Deadlines::look_at(int worker, std::uint64_t now) const {
    Slot& slot = layout_.slot(worker);
    const std::uint64_t job = slot.job.load(std::memory_order_acquire);
    std::uint64_t seen = slot.verdict.load(std::memory_order_acquire);
    if (!is_phase(slot.phase.load(std::memory_order_acquire))) {
        places_.kill(worker);  // written over by its task: nothing here can be timed
        return never;
    }
    if (places_[worker].pid == 0 || state_of(seen) != Verdict::running || job >= layout_.jobs()) {
        return never;
    }
    const std::uint64_t started = slot.started.load(std::memory_order_acquire);
    const std::uint64_t timeout = layout_.job(job).terms.timeout_ns;
    const std::uint64_t deadline = started + timeout + stopped_time(worker, started);
    if (timeout == 0 || slot.verdict.load(std::memory_order_acquire) != seen) {
        return never;
    }
    if (deadline > now) {
        return deadline;
    }
    if (slot.verdict.compare_exchange_strong(seen,
                                             seen - static_cast<std::uint64_t>(Verdict::running) +
                                                 static_cast<std::uint64_t>(Verdict::condemned))) {
        places_.kill(worker);
    }
    return never;
}

std::uint64_t Deadlines::stopped_time(int worker, std::uint64_t started) const {
    const Stop& stop = stops_[static_cast<std::size_t>(worker)];
    return stop.item == started ? stop.ns : 0;
}

void Deadlines::pause(std::uint64_t now) { paused_at_ = now; }

void Deadlines::resume(std::uint64_t now) {
    for (int worker = 0; worker < places_.count(); ++worker) {
        const std::uint64_t started = layout_.slot(worker).started.load(std::memory_order_acquire);
        stops_[static_cast<std::size_t>(worker)] = {
            .item = started,
            .ns =
                stopped_time(worker, started) + now - std::min(now, std::max(started, paused_at_))};
    }
    paused_at_ = 0;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
