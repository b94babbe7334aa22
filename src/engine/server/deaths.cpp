#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <vector>

#include "engine/server/server.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/polling.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What is done about a death: the dead is reaped, what it held is settled and what it had started
/// is cleared away (docs/protocol.md, part 5).
namespace engine {
namespace {

/// So many workers in a row that die before they reach their loop break the pool: no respawn storm.
constexpr int most_deaths_at_start = 64;
/// Deaths wait this long for the end of what the dead had started; deadlines wait with them.
constexpr std::uint64_t orphan_patience = 20 * ms;

}  // namespace

void Server::reap_all() {
    const std::uint64_t until = os::now_ns() + orphan_patience;
    while (const pid_t pid = os::next_ended_child()) {
        const auto place = std::find_if(places_.begin(), places_.end(),
                                        [&](const Place& p) { return p.pid == pid; });
        if (place == places_.end()) {
            os::reap(pid);
            if (pid == spare_.pid) {
                spare_ = {};
            } else {
                orphans_left_ = true;  // one has ended, so its own children are here now
            }
            continue;
        }
        // Whatever it started dies first, the leader is reaped last.
        os::send_signal_to_group(pid, SIGKILL);
        kill_orphans(until);
        const os::Ending ending = os::reap(pid);
        place->ended = true;
        place->pid = 0;
        place->signal = ending.signal;
        place->status = ending.status;
        bury(static_cast<int>(place - places_.begin()));
    }
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        const Place& place = places_[static_cast<std::size_t>(worker)];
        if (place.ended) {
            bury(worker);
        }
        if (place.down) {
            reopen(worker);
        }
    }
}

/// The place of a worker that left corrupt memory behind may be filled once the client has emptied
/// its ring.
void Server::reopen(int worker) {
    ServerLine& line = layout_.server_line(worker);
    const WorkerLine& client = layout_.line(worker);
    if (client.emptied.load(std::memory_order_acquire) !=
        line.incarnation.load(std::memory_order_relaxed)) {
        return;
    }
    Slot& slot = layout_.slot(worker);
    slot.tail.store(client.head.load(std::memory_order_acquire), std::memory_order_relaxed);
    slot.frame_pos.store(~std::uint64_t{0}, std::memory_order_relaxed);
    slot.verdict.store(0, std::memory_order_relaxed);
    slot.alarm.store(0, std::memory_order_relaxed);
    slot.starved.store(0, std::memory_order_relaxed);
    for (Word& word : slot.evidence) {
        word.store(0, std::memory_order_relaxed);
    }
    slot.phase.store(phase::idle, std::memory_order_release);
    line.down.store(0, std::memory_order_release);
    Place& place = places_[static_cast<std::size_t>(worker)];
    place.down = false;
    place.vacant = true;
}

/// docs/protocol.md, part 5. Leaves the place `ended` when the report does not fit into the ring
/// yet.
void Server::bury(int worker) {
    Place& place = places_[static_cast<std::size_t>(worker)];
    ServerLine& line = layout_.server_line(worker);
    const std::uint64_t incarnation = line.incarnation.load(std::memory_order_relaxed);
    if (layout_.slot(worker).initializing.load(std::memory_order_acquire) == incarnation) {
        place.ended = false;
        const pid_t pid = line.pid.exchange(0, std::memory_order_acq_rel);
        if (!broken_) {  // the first to fail is the cause: others in it are killed for that
            ServerPage& page = layout_.server();
            page.initializer_signal.store(place.signal, std::memory_order_relaxed);
            page.initializer_status.store(place.status, std::memory_order_relaxed);
            page.initializer_worker.store(worker, std::memory_order_relaxed);
            page.initializer_pid.store(pid, std::memory_order_relaxed);
            give_up(0);
        }
        return;
    }
    const bool condemned =
        layout_.line(worker).condemn.load(std::memory_order_acquire) == incarnation;
    const Recovery::Finding finding = condemned
                                          ? Recovery::Finding{.state = Recovery::State::corrupt}
                                          : recovery_.inspect(worker);
    bool no_room = false;
    bool sane = finding.state != Recovery::State::corrupt;
    if (finding.state == Recovery::State::held) {
        if (finding.frame_open && !recovery_.publish_open_frame(worker, finding)) {
            sane = false;
        } else {
            settle(worker, finding, no_room);
        }
    } else if (sane) {
        layout_.slot(worker).phase.store(phase::idle, std::memory_order_release);
    }
    if (no_room) {
        return;
    }
    layout_.tokens().take_back({layout_.pool().pool, worker});
    if (layout_.slot(worker).ready.load(std::memory_order_relaxed) != incarnation && sane) {
        ++deaths_at_start_;
    } else {
        deaths_at_start_ = 0;
    }
    if (!finding.retired) {
        layout_.server().deaths.fetch_add(1, std::memory_order_relaxed);
    }
    place.ended = false;
    line.pid.store(0, std::memory_order_release);
    if (sane) {
        place.vacant = true;
    } else {
        place.down = true;
        line.down.store(incarnation, std::memory_order_release);
        layout_.server().downs.fetch_add(1, std::memory_order_release);
    }
    // Whatever the dead published or owed a bell for, its clients hear of it.
    ring_everyone();
    if (deaths_at_start_ >= most_deaths_at_start) {
        give_up(0);
    }
}

/// Reports what the dead held, and leaves the rest of its claim in its slot for the replacement.
void Server::settle(int worker, const Recovery::Finding& finding, bool& no_room) {
    Place& place = places_[static_cast<std::size_t>(worker)];
    Slot& slot = layout_.slot(worker);
    const JobPage& page = layout_.job(finding.claim.job);
    std::uint64_t rest = finding.item;
    if (finding.was_running) {
        if (place.tried_serial != finding.claim.serial || place.tried_item != finding.item) {
            place.tried_serial = finding.claim.serial;
            place.tried_item = finding.item;
            place.tries = 0;
        }
        if (place.tries < page.terms.retries) {
            ++place.tries;
        } else {
            detail::Failure failure;
            failure.kind =
                finding.timed_out ? detail::Failure::Kind::timed_out : detail::Failure::Kind::died;
            failure.index = finding.item;
            failure.worker_pid = layout_.server_line(worker).pid.load(std::memory_order_relaxed);
            failure.signal = place.signal;
            failure.exit_status = place.status;
            recovery_.add_last_words(worker, failure);
            failure.timeout =
                std::chrono::nanoseconds(finding.timed_out ? page.terms.timeout_ns : 0);
            if (recovery_.publish_failure(worker, finding.claim, failure) ==
                Recovery::Reported::no_room) {
                no_room = true;
                return;
            }
            ++rest;
        }
    }
    slot.phase.store(phase::idle, std::memory_order_release);
    slot.verdict.store(
        verdict(count_of(slot.verdict.load(std::memory_order_relaxed)), Verdict::none),
        std::memory_order_release);
    if (rest < finding.claim.end_item()) {
        Claim claim = finding.claim;
        claim.begin = rest - claim.shift;
        slot.write_claim(claim, layout_.pool().secret);
        slot.frame_pos.store(~std::uint64_t{0}, std::memory_order_relaxed);
        slot.phase.store(phase::taken, std::memory_order_release);
    }
}

/// Kills every child that is not a worker: what tasks of dead workers left behind. A live worker
/// adopts its own. Waits for their end until then; what does not go in time goes in a later turn.
void Server::kill_orphans(std::uint64_t until) {
    for (;;) {
        const std::optional<std::vector<pid_t>> children = children_.find();
        orphans_left_ = !children;  // look again
        for (const pid_t child : children.value_or(std::vector<pid_t>{})) {
            const bool known = child == spare_.pid ||
                               std::any_of(places_.begin(), places_.end(),
                                           [&](const Place& place) { return place.pid == child; });
            if (!known) {
                os::send_signal(child, SIGKILL);
                // Look again in any case: what it had started becomes a child of this process.
                orphans_left_ = true;
                os::reap_if_ended(child);
            }
        }
        if (!orphans_left_ || os::now_ns() > until) {
            return;
        }
        os::wait_readable({signals_.get()}, 1);
        read_signals();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
