#include "engine/server/burying.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>

#include <sys/types.h>

#include "engine/server/bells.hpp"
#include "engine/server/limits.hpp"
#include "engine/server/remains.hpp"
#include "engine/shared/close_job.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Burying::Burying(const Layout& layout, Places& places, Spare& spare, Descendants& descendants,
                 const Deadlines& deadlines, PoolState& state)
    : layout_(layout),
      places_(places),
      spare_(spare),
      descendants_(descendants),
      deadlines_(deadlines),
      state_(state),
      recovery_(layout),
      graves_(static_cast<std::size_t>(places.count())) {}

std::uint64_t Burying::next_look(std::uint64_t now) const {
    const bool any = places_.any(Place::State::ended) || places_.any(Place::State::down);
    return any ? now + room_interval : never;
}

void Burying::bury_all() {
    reap_ended();
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (places_[worker].state == Place::State::ended) {
            bury(worker);
        }
        if (places_[worker].state == Place::State::down) {
            reopen(worker);
        }
    }
}

void Burying::reap_ended() {
    const std::uint64_t until = os::now_ns() + orphan_time_limit;
    while (const pid_t pid = os::next_ended_child()) {
        const std::optional<int> worker = places_.find(pid);
        if (!worker) {
            os::reap(pid);
            if (!spare_.forget_if(pid)) {
                descendants_.note_death();
            }
            continue;
        }
        // What it started is killed first, the leader is reaped last.
        places_.kill_group(*worker);
        descendants_.kill(until);
        graves_[static_cast<std::size_t>(*worker)].ending = places_.reap(*worker);
        bury(*worker);
    }
}

/// Leaves the place `ended` if the report does not fit into the ring yet.
void Burying::bury(int worker) {
    if (was_initializing(worker)) {
        blame_initializer(worker);
        return;
    }
    const Recovery::Finding finding = inspect(worker);
    const Recovered recovered = recover(worker, finding);
    if (recovered == Recovered::no_room) {
        return;
    }
    const bool whole = recovered == Recovered::whole;
    layout_.tokens().take_back({layout_.pool().pool, worker});
    count_death(worker, finding, whole);
    leave_place(worker, whole);
    // The dead worker may have published results without ringing their bells.
    ring_everyone(layout_);
    if (deaths_at_start_ >= most_deaths_at_start) {
        state_.break_pool(0);
    }
}

bool Burying::was_initializing(int worker) const {
    const PoolPage& pool = layout_.pool();
    return pool.initialize != nullptr &&
           layout_.slot(worker).initializing.load(std::memory_order_acquire) ==
               initializing_seal(pool.secret, places_.incarnation(worker));
}

void Burying::blame_initializer(int worker) {
    places_[worker].state = Place::State::vacant;  // for good: the pool is broken
    const pid_t pid = layout_.server_line(worker).pid.exchange(0, std::memory_order_acq_rel);
    if (state_.broken()) {
        return;  // the first failure is the cause: it has the other workers killed
    }
    const os::Ending& ending = graves_[static_cast<std::size_t>(worker)].ending;
    ServerPage& page = layout_.server();
    page.initializer_signal.store(ending.signal, std::memory_order_relaxed);
    page.initializer_status.store(ending.status, std::memory_order_relaxed);
    page.initializer_worker.store(worker, std::memory_order_relaxed);
    page.initializer_pid.store(pid, std::memory_order_relaxed);
    state_.break_pool(0);
}

Recovery::Finding Burying::inspect(int worker) const {
    const bool condemned =
        layout_.line(worker).condemn.load(std::memory_order_acquire) == places_.incarnation(worker);
    Recovery::Finding finding = recovery_.inspect(worker);
    if (condemned || !make_sense(layout_, worker, finding)) {
        return {.state = Recovery::State::corrupt};
    }
    finding.timed_out = finding.was_running && deadlines_.condemned(worker);
    return finding;
}

Burying::Recovered Burying::recover(int worker, const Recovery::Finding& finding) {
    switch (finding.state) {
        case Recovery::State::corrupt:
            return Recovered::corrupt;
        case Recovery::State::nothing:
            layout_.slot(worker).phase.store(phase::idle, std::memory_order_release);
            return Recovered::whole;
        case Recovery::State::held:
            break;
    }
    if (finding.frame_open && !recovery_.publish_open_frame(worker, finding)) {
        return Recovered::corrupt;
    }
    return report_and_hand_on(worker, finding);
}

/// Reports the item that was running, and leaves the rest of the claim for the replacement.
Burying::Recovered Burying::report_and_hand_on(int worker, const Recovery::Finding& finding) {
    std::uint64_t rest = finding.item;
    if (finding.was_running ? !try_again(worker, finding) : never_begins(worker, finding)) {
        if (report(worker, finding) == Recovery::Reported::no_room) {
            return Recovered::no_room;
        }
        ++rest;
        if (layout_.job(finding.claim.job).terms.fail_fast) {
            close_job(layout_, worker, finding.claim, [](bool /*noted*/) {});
        }
    }
    hand_on(worker, finding.claim, rest);
    return Recovered::whole;
}

/// Does the item that was running have a try left? If so, uses it up.
bool Burying::try_again(int worker, const Recovery::Finding& finding) {
    Grave& grave = graves_[static_cast<std::size_t>(worker)];
    if (grave.tried_serial != finding.claim.serial || grave.tried_item != finding.item) {
        grave.tried_serial = finding.claim.serial;
        grave.tried_item = finding.item;
        grave.tries = 0;
    }
    if (grave.tries >= layout_.job(finding.claim.job).terms.retries) {
        return false;
    }
    ++grave.tries;
    return true;
}

/// Did many workers in a row die before this item, which by their slots none of them began? One
/// that runs may write there that it does not.
bool Burying::never_begins(int worker, const Recovery::Finding& finding) {
    Grave& grave = graves_[static_cast<std::size_t>(worker)];
    const bool same = grave.awaited_serial == finding.claim.serial &&
                      grave.awaited_item == finding.item && !finding.retired;
    grave.awaited_serial = finding.claim.serial;
    grave.awaited_item = finding.item;
    grave.deaths_before = same ? grave.deaths_before + 1 : 1;
    return finding.item < finding.claim.end_item() &&
           grave.deaths_before >= most_deaths_before_an_item;
}

Recovery::Reported Burying::report(int worker, const Recovery::Finding& finding) const {
    const os::Ending& ending = graves_[static_cast<std::size_t>(worker)].ending;
    const std::uint64_t timeout = layout_.job(finding.claim.job).terms.timeout_ns;
    detail::Failure failure;
    failure.kind =
        finding.timed_out ? detail::Failure::Kind::timed_out : detail::Failure::Kind::died;
    failure.index = finding.item;
    failure.worker_pid = layout_.server_line(worker).pid.load(std::memory_order_relaxed);
    failure.signal = ending.signal;
    failure.exit_status = ending.status;
    recovery_.add_last_words(worker, failure);
    failure.timeout = std::chrono::nanoseconds(finding.timed_out ? timeout : 0);
    return recovery_.publish_failure(worker, finding.claim, failure);
}

/// Leaves the items from `first` on to the replacement, which finds them in its slot as a claim.
void Burying::hand_on(int worker, const Claim& held, std::uint64_t first) const {
    Slot& slot = layout_.slot(worker);
    // Not idle for a moment: a client that looks just now would give the rest to others.
    slot.phase.store(phase::intent, std::memory_order_release);
    slot.current.store(resting_at(first), std::memory_order_release);
    slot.verdict.store(verdict(count_of(slot.verdict.load(std::memory_order_relaxed)),
                               Verdict::none, ~std::uint64_t{0}),
                       std::memory_order_release);
    if (first < held.end_item()) {
        Claim claim = held;
        claim.begin = first - claim.shift;
        slot.write_claim(claim, layout_.pool().secret);
        slot.frame_pos.store(no_frame, std::memory_order_relaxed);
        slot.phase.store(phase::taken, std::memory_order_release);
    } else {
        slot.phase.store(phase::idle, std::memory_order_release);
    }
}

void Burying::count_death(int worker, const Recovery::Finding& finding, bool whole) {
    const std::uint64_t ready = layout_.slot(worker).ready.load(std::memory_order_relaxed);
    deaths_at_start_ = ready != places_.incarnation(worker) && whole ? deaths_at_start_ + 1 : 0;
    if (!finding.retired) {
        layout_.server().deaths.fetch_add(1, std::memory_order_relaxed);
    }
}

/// The place is filled at once or, if the memory in it is corrupt, after the client has dealt with
/// that.
void Burying::leave_place(int worker, bool whole) {
    ServerLine& line = layout_.server_line(worker);
    line.pid.store(0, std::memory_order_release);
    places_[worker].state = whole ? Place::State::vacant : Place::State::down;
    if (!whole) {
        line.down.store(places_.incarnation(worker), std::memory_order_release);
        layout_.server().downs.fetch_add(1, std::memory_order_release);
    }
}

/// The place of a worker that left corrupt memory behind may be filled once the client has emptied
/// its ring.
void Burying::reopen(int worker) {
    const WorkerLine& client = layout_.line(worker);
    if (client.emptied.load(std::memory_order_acquire) != places_.incarnation(worker)) {
        return;
    }
    Slot& slot = layout_.slot(worker);
    slot.tail.store(client.head.load(std::memory_order_acquire), std::memory_order_relaxed);
    slot.frame_pos.store(no_frame, std::memory_order_relaxed);
    slot.current.store(resting_at(0), std::memory_order_release);
    slot.verdict.store(0, std::memory_order_relaxed);
    slot.alarm.store(0, std::memory_order_relaxed);
    slot.starved.store(0, std::memory_order_relaxed);
    for (Word& word : slot.evidence) {
        word.store(0, std::memory_order_relaxed);
    }
    slot.phase.store(phase::idle, std::memory_order_release);
    layout_.server_line(worker).down.store(0, std::memory_order_release);
    places_[worker].state = Place::State::vacant;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
