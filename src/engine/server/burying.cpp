#include "engine/server/burying.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>

#include <sys/types.h>

#include "engine/server/bells.hpp"
#include "engine/server/limits.hpp"
#include "engine/server/remains.hpp"
#include "engine/shared/close_job.hpp"
#include "engine/shared/theft.hpp"
#include "os/clock.hpp"
#include "os/memory_limit.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Burying::Burying(const Layout& layout, Places& places, Spare& spare, Descendants& descendants,
                 const Deadlines& deadlines, const Stops& stops, PoolReport& report)
    : layout_(layout),
      places_(places),
      spare_(spare),
      descendants_(descendants),
      deadlines_(deadlines),
      stops_(stops),
      report_(report),
      recovery_(layout),
      born_(os::now_ns()),
      graves_(static_cast<std::size_t>(places.count())) {}

std::uint64_t Burying::next_look(std::uint64_t now) const {
    const bool any = places_.any(Place::State::ended) || places_.any(Place::State::down);
    std::uint64_t next = any ? now + room_interval : never;
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (const std::uint64_t killed_at = places_[worker].killed_at; killed_at != 0) {
            next = std::min(next, std::max(killed_at + write_off_time, now + dying_interval));
        }
    }
    return next;
}

void Burying::bury_all() {
    reap_ended();
    const std::uint64_t now = os::now_ns();
    if (!memory_kills_.is_noted() && now - born_ > shortest_way_out_of_memory) {
        memory_kills_.note();
    }
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (places_.is_stuck(worker, now)) {
            Grave& grave = graves_[static_cast<std::size_t>(worker)];
            grave.ending = places_.write_off(worker);
            grave.written_off = true;
            grave.for_memory = false;
        }
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
            places_.forget_if_written_off(pid);
            if (!spare_.forget_if(pid)) {
                descendants_.note_death();
            }
            continue;
        }
        // What it started is killed first, the leader is reaped last.
        places_.kill_group(*worker);
        descendants_.kill(until);
        const bool was_killed_here = places_[*worker].killed_at != 0;
        Grave& grave = graves_[static_cast<std::size_t>(*worker)];
        grave.ending = places_.reap(*worker);
        grave.written_off = false;
        grave.for_memory =
            !was_killed_here && grave.ending.signal == SIGKILL && memory_kills_.explain_one();
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
        report_.break_pool(0);
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
    if (report_.broken()) {
        return;  // the first failure is the cause: it has the other workers killed
    }
    const os::Ending& ending = graves_[static_cast<std::size_t>(worker)].ending;
    ServerPage& page = layout_.server();
    page.initializer_signal.store(ending.signal, std::memory_order_relaxed);
    page.initializer_status.store(ending.status, std::memory_order_relaxed);
    page.initializer_worker.store(worker, std::memory_order_relaxed);
    page.initializer_pid.store(pid, std::memory_order_relaxed);
    report_.break_pool(0);
}

Recovery::Finding Burying::inspect(int worker) const {
    const bool condemned =
        layout_.line(worker).condemn.load(std::memory_order_acquire) == places_.incarnation(worker);
    Recovery::Finding finding = recovery_.inspect(worker);
    if (condemned || !make_sense(layout_, worker, finding)) {
        return {.state = Recovery::State::corrupt};
    }
    finding.timed_out = finding.was_running && deadlines_.condemned(worker);
    finding.stopped = finding.was_running && stops_.killed(worker);
    return finding;
}

Burying::Recovered Burying::recover(int worker, const Recovery::Finding& finding) {
    switch (finding.state) {
        case Recovery::State::corrupt:
            return Recovered::corrupt;
        case Recovery::State::nothing:
            layout_.slot(worker).phase.store(phase::idle, std::memory_order_release);
            Victim(layout_, worker).reopen();
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
    const bool is_over = finding.was_running ? finding.stopped || !try_again(worker, finding)
                                             : never_begins(worker, finding);
    if (is_over) {
        if (report(worker, finding) == Recovery::Reported::no_room) {
            return Recovered::no_room;
        }
        ++rest;
        if (layout_.job(finding.claim.job).terms.fail_fast) {
            close_job(layout_, worker, finding.claim, [](bool /*noted*/) {});
        }
    }
    // What will not run needs nobody.
    if (recovery_.skip_cancelled(worker, finding.claim, rest)) {
        rest = finding.claim.end_item();
    }
    hand_on(worker, finding.claim, rest);
    return Recovered::whole;
}

bool Burying::has_tried(int worker, std::uint64_t serial, std::uint64_t item) const {
    const Grave& grave = graves_[static_cast<std::size_t>(worker)];
    return grave.tries != 0 && grave.tried_serial == serial && grave.tried_item == item;
}

/// Of the item that was running; 0 if the dead worker named none of its parts.
std::uint64_t Burying::part(int worker, const Recovery::Finding& finding) const {
    const std::uint64_t parts = layout_.job(finding.claim.job).terms.parts;
    const std::uint64_t first = finding.item * parts;
    const std::uint64_t part = layout_.slot(worker).part.load(std::memory_order_acquire);
    return part >= first && part - first < parts ? part - first : 0;
}

/// Does the item that was running have a try left? If so, uses it up. Each part of an item has its
/// own tries: an item that came farther than at any try before begins to count anew.
bool Burying::try_again(int worker, const Recovery::Finding& finding) {
    Grave& grave = graves_[static_cast<std::size_t>(worker)];
    const std::uint64_t at = part(worker, finding);
    const bool is_other =
        grave.tried_serial != finding.claim.serial || grave.tried_item != finding.item;
    if (is_other || at > grave.tried_part) {
        grave.tried_serial = finding.claim.serial;
        grave.tried_item = finding.item;
        grave.tried_part = at;
        grave.tries = 0;
    }
    const JobTerms& terms = layout_.job(finding.claim.job).terms;
    // One that was written off has not let go of all that it was given: no other may have it. The
    // same goes for a copy of a worker that does not end.
    const bool is_held = grave.written_off || (terms.pristine && descendants_.any_left());
    if (is_held || grave.tries >= terms.retries) {
        return false;
    }
    ++grave.tries;
    layout_.server().retries.fetch_add(1, std::memory_order_relaxed);
    report_.note_death(layout_.server_line(worker).pid.load(std::memory_order_relaxed),
                       grave.ending, finding.item, grave.tries);
    ServerLine& line = layout_.server_line(worker);
    line.retried_item.store(grave.tried_item, std::memory_order_relaxed);
    line.tries.store(grave.tries, std::memory_order_relaxed);
    line.retried_serial.store(grave.tried_serial, std::memory_order_release);
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

/// How long its last item ran until now, by what the dead worker wrote; 0 if that makes no sense.
std::chrono::nanoseconds Burying::run_time(int worker, const JobTerms& terms) const {
    const std::uint64_t began = layout_.slot(worker).started.load(std::memory_order_acquire);
    const std::uint64_t now = os::now_ns();
    const bool is_known = (terms.accounted || terms.timeout_ns != 0) && began != 0 && began <= now;
    return std::chrono::nanoseconds(is_known ? now - began : 0);
}

Recovery::Reported Burying::report(int worker, const Recovery::Finding& finding) const {
    const Grave& grave = graves_[static_cast<std::size_t>(worker)];
    const os::Ending& ending = grave.ending;
    const JobTerms& terms = layout_.job(finding.claim.job).terms;
    const std::uint64_t timeout = terms.timeout_ns;
    detail::Failure failure;
    failure.kind = finding.stopped     ? detail::Failure::Kind::cancelled
                   : finding.timed_out ? detail::Failure::Kind::timed_out
                                       : detail::Failure::Kind::died;
    failure.index = finding.item;
    if (terms.parts != 0) {
        failure.part = finding.item * terms.parts + part(worker, finding);
    }
    failure.worker_pid = layout_.server_line(worker).pid.load(std::memory_order_relaxed);
    failure.signal = ending.signal;
    failure.exit_status = ending.status;
    if (grave.for_memory) {
        failure.memory = std::max<std::uint64_t>(ending.peak_memory, 1);
        failure.memory_bound = os::memory_of_container();
    }
    if (has_tried(worker, finding.claim.serial, finding.item)) {
        failure.tries = static_cast<int>(grave.tries) + 1;
    } else if (finding.was_running) {
        failure.tries = 1;
    }
    // One that was overdue was asked for them, and may have died of that.
    recovery_.add_last_words(worker, failure,
                             finding.timed_out ? trace::asking_signal : ending.signal);
    failure.timeout = std::chrono::nanoseconds(finding.timed_out ? timeout : 0);
    if (finding.was_running) {
        failure.duration = std::max(failure.timeout, run_time(worker, terms));
    }
    return recovery_.publish_failure(worker, finding.claim, failure);
}

/// Leaves the items from `first` on to the replacement, which finds them in its slot as a claim.
/// Others may steal them before it comes. Not what is to be tried again: its tries are counted
/// here.
void Burying::hand_on(int worker, const Claim& held, std::uint64_t first) const {
    Slot& slot = layout_.slot(worker);
    // Not idle for a moment: a client that looks just now would give the rest to others.
    slot.phase.store(phase::intent, std::memory_order_release);
    slot.current.store(resting_at(first), std::memory_order_release);
    slot.verdict.store(verdict(count_of(slot.verdict.load(std::memory_order_relaxed)),
                               Verdict::none, ~std::uint64_t{0}),
                       std::memory_order_release);
    const Victim victim(layout_, worker);
    victim.reopen();
    if (first < held.end_item()) {
        Claim claim = held;
        claim.begin = first - claim.shift;
        claim.thefts = victim.count();
        slot.write_claim(claim, layout_.pool().secret);
        slot.frame_pos.store(no_frame, std::memory_order_relaxed);
        if (has_tried(worker, claim.serial, first)) {
            slot.phase.store(phase::taken, std::memory_order_release);
        } else {
            slot.phase.store(phase::waiting, std::memory_order_release);
        }
    } else {
        slot.phase.store(phase::idle, std::memory_order_release);
    }
}

void Burying::count_death(int worker, const Recovery::Finding& finding, bool whole) {
    const std::uint64_t ready = layout_.slot(worker).ready.load(std::memory_order_relaxed);
    deaths_at_start_ = ready != places_.incarnation(worker) && whole ? deaths_at_start_ + 1 : 0;
    const os::Ending& ending = graves_[static_cast<std::size_t>(worker)].ending;
    const bool finished =
        layout_.pool().command.load(std::memory_order_relaxed) == Command::finish &&
        finding.state == Recovery::State::nothing && ending.signal == 0 && ending.status == 0;
    report_.note_end(worker, finding, finding.retired || finished);
    if (!finding.was_running && !finding.retired && !finished) {
        report_.note_death(layout_.server_line(worker).pid.load(std::memory_order_relaxed), ending,
                           0, 0);
    }
}

/// The place is filled at once or, if the memory in it is corrupt, after the client has dealt with
/// that.
void Burying::leave_place(int worker, bool whole) {
    ServerLine& line = layout_.server_line(worker);
    line.asked_serial.store(0, std::memory_order_release);  // another try is not asked yet
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
    Victim(layout_, worker).reopen();
    layout_.server_line(worker).down.store(0, std::memory_order_release);
    places_[worker].state = Place::State::vacant;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
