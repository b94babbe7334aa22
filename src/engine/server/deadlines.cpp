#include "engine/server/deadlines.hpp"

#include <algorithm>
#include <cstddef>

#include "engine/server/limits.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Deadlines::Deadlines(const Layout& layout, const Places& places)
    : layout_(layout), places_(places), watches_(static_cast<std::size_t>(places.count())) {}

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
                next = std::min(next, look_at(worker, now, shortest));
            }
            server.next_look.store(next, std::memory_order_seq_cst);
        }
        // A job that came meanwhile saw the old `next_look`, or is seen here.
        if (layout_.pool().shortest_timeout.load(std::memory_order_seq_cst) == shortest) {
            return;
        }
    }
}

Deadlines::Sight Deadlines::sight_of(int worker) const {
    const Slot& slot = layout_.slot(worker);
    // The verdict first: the words of its item were written before it.
    Sight sight;
    sight.verdict = slot.verdict.load(std::memory_order_acquire);
    sight.incarnation = places_.incarnation(worker);
    sight.phase = slot.phase.load(std::memory_order_acquire);
    sight.claim = slot.claim();
    sight.claim_check = slot.claim_check.load(std::memory_order_acquire);
    sight.current = slot.current.load(std::memory_order_acquire);
    return sight;
}

Deadlines::Watch& Deadlines::update(int worker, std::uint64_t now) {
    Watch& watch = watches_[static_cast<std::size_t>(worker)];
    const Sight sight = sight_of(worker);
    if (watch.sight != sight) {
        watch = {.sight = sight,
                 .before = watch.last,
                 .since = now,
                 .last = now,
                 .stopped = 0,
                 .condemned = watch.condemned};
    }
    watch.last = now;
    return watch;
}

Deadlines::Says Deadlines::what_it_says(const Sight& sight) const {
    if (!is_current(sight.current)) {
        return Says::nonsense;
    }
    if (sight.phase == phase::idle) {
        return is_running(sight.current) ? Says::nonsense : Says::nothing_runs;
    }
    const Claim& claim = sight.claim;
    const std::uint64_t item = item_of(sight.current);
    if (sight.phase == phase::intent || sight.claim_check != claim.check(layout_.pool().secret) ||
        claim.job >= layout_.jobs() || item < claim.first_item() || item > claim.end_item()) {
        return Says::nonsense;
    }
    if (layout_.job(claim.job).terms.timeout_ns == 0) {
        return Says::nothing_runs;
    }
    if (is_verdict_of(sight.verdict, item)) {
        return state_of(sight.verdict) == Verdict::running ? Says::timed_item : Says::nothing_runs;
    }
    return is_running(sight.current) || state_of(sight.verdict) == Verdict::running
               ? Says::nonsense
               : Says::nothing_runs;
}

/// When the worker has to be looked at again, as far as that is known; `never` if it runs no item
/// with a timeout, or is killed.
std::uint64_t Deadlines::look_at(int worker, std::uint64_t now, std::uint64_t shortest) {
    if (places_[worker].pid == 0) {
        return never;
    }
    Watch& watch = update(worker, now);
    const Sight& sight = watch.sight;
    if (watch.condemned == sight.incarnation) {
        return never;
    }
    if (!is_phase(sight.phase)) {
        condemn(worker, watch);  // written over by its task: nothing here can be timed
        return never;
    }
    std::uint64_t began = watch.since;
    std::uint64_t timeout = shortest;
    switch (what_it_says(sight)) {
        case Says::nothing_runs:
            return never;
        case Says::nonsense:
            break;
        case Says::timed_item: {
            timeout = layout_.job(sight.claim.job).terms.timeout_ns;
            const std::uint64_t started =
                layout_.slot(worker).started.load(std::memory_order_acquire);
            // It began between two looks. Anything else is what a task wrote there.
            began = started >= watch.before && started <= watch.since ? started : watch.since;
            if (timeout == 0) {
                return never;  // the job is over
            }
            break;
        }
    }
    const std::uint64_t deadline = began + timeout + watch.stopped;
    if (deadline > now) {
        return deadline;
    }
    if (sight_of(worker) != sight) {
        return now;  // it goes on
    }
    if (what_it_says(sight) == Says::timed_item) {
        const std::uint64_t item = item_of(sight.current);
        std::uint64_t seen = sight.verdict;
        if (!layout_.slot(worker).verdict.compare_exchange_strong(
                seen, verdict(count_of(seen), Verdict::condemned, item))) {
            return now;  // it finished
        }
    }
    condemn(worker, watch);
    return never;
}

void Deadlines::condemn(int worker, Watch& watch) {
    watch.condemned = watch.sight.incarnation;
    places_.kill(worker);
}

bool Deadlines::condemned(int worker) const {
    return watches_[static_cast<std::size_t>(worker)].condemned == places_.incarnation(worker);
}

void Deadlines::pause(std::uint64_t now) { paused_at_ = now; }

void Deadlines::resume(std::uint64_t now) {
    for (int worker = 0; worker < places_.count(); ++worker) {
        Watch& watch = update(worker, now);
        const std::uint64_t started = layout_.slot(worker).started.load(std::memory_order_acquire);
        const bool began_after = watch.since == now && started <= now;
        watch.since = std::min(watch.since, paused_at_);
        watch.stopped += now - std::max(began_after ? started : 0, paused_at_);
    }
    paused_at_ = 0;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
