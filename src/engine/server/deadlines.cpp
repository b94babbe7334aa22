#include "engine/server/deadlines.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/server/asking.hpp"
#include "engine/server/limits.hpp"
#include "os/clock.hpp"
#include "trace/crash.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Deadlines::Deadlines(const Layout& layout, Places& places)
    : layout_(layout), places_(places), watches_(static_cast<std::size_t>(places.count())) {}

bool Deadlines::any() const {
    return layout_.server().next_look.load(std::memory_order_relaxed) != 0;
}

std::uint64_t Deadlines::next_look() const {
    const std::uint64_t look = layout_.server().next_look.load(std::memory_order_relaxed);
    return look == 0 || paused() ? never : look;
}

void Deadlines::look(std::uint64_t now) {
    ServerPage& server = layout_.server();
    for (;;) {
        const std::uint64_t shortest =
            layout_.pool().shortest_timeout.load(std::memory_order_seq_cst);
        if (shortest == 0) {
            // The job of one that was asked may be over.
            const std::uint64_t next = kill_asked(now);
            server.next_look.store(next == never ? 0 : next, std::memory_order_seq_cst);
        } else if (!paused()) {
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
        now = os::now_ns();
    }
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
                 .condemned = watch.condemned,
                 .kill_at = watch.kill_at};
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
    if (!sight.makes_sense(layout_)) {
        return Says::nonsense;
    }
    const Claim& claim = sight.claim;
    const std::uint64_t item = item_of(sight.current);
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
        return kill_if_asked(worker, now);
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
            if (sight.phase == phase::intent && sight.claim.source != 0) {
                timeout = std::max(timeout, longest_theft);  // it may wait for a CPU meanwhile
            }
            break;
        case Says::timed_item: {
            timeout = layout_.job(sight.claim.job).terms.timeout_ns;
            const std::uint64_t started =
                layout_.slot(worker).started.load(std::memory_order_acquire);
            // It began between two looks, and while time was followed. Anything else is what a task
            // wrote there.
            began = started >= std::max(watch.before, woken_) && started <= watch.since
                        ? started
                        : watch.since;
            if (timeout == 0) {
                return never;  // the job is over
            }
            break;
        }
    }
    std::uint64_t deadline = began + timeout + watch.stopped;
    const bool timed = what_it_says(sight) == Says::timed_item;
    if (timed && deadline <= now) {
        if (const std::uint64_t grace = layout_.job(sight.claim.job).terms.grace_ns; grace != 0) {
            ask_to_stop(layout_, worker, sight);
            deadline += grace;
        }
    }
    if (deadline > now) {
        return deadline;
    }
    if (sight_of(worker) != sight) {
        return now;  // it goes on
    }
    if (timed) {
        const std::uint64_t item = item_of(sight.current);
        std::uint64_t seen = sight.verdict;
        if (!layout_.slot(worker).verdict.compare_exchange_strong(
                seen, verdict(count_of(seen), Verdict::condemned, item))) {
            return now;  // it finished
        }
    }
    ask(worker, watch, now);
    return watch.kill_at;
}

void Deadlines::condemn(int worker, Watch& watch) {
    watch.condemned = watch.sight.incarnation;
    watch.kill_at = 0;
    places_.kill(worker);
}

/// Condemns it, and lets it say where it is before it is killed.
void Deadlines::ask(int worker, Watch& watch, std::uint64_t now) {
    watch.condemned = watch.sight.incarnation;
    watch.kill_at = now + time_for_last_words;
    const pid_t pid = places_[worker].pid;
    trace::ask_for_last_words(pid, layout_.last_words_key(pid));
}

/// Kills a worker that was asked and had its time. When that is, or `never`.
std::uint64_t Deadlines::kill_if_asked(int worker, std::uint64_t now) {
    Watch& watch = watches_[static_cast<std::size_t>(worker)];
    if (watch.kill_at == 0 || places_[worker].pid == 0 || !condemned(worker)) {
        return never;
    }
    if (now < watch.kill_at) {
        return watch.kill_at;
    }
    watch.kill_at = 0;
    places_.kill(worker);
    return never;
}

std::uint64_t Deadlines::kill_asked(std::uint64_t now) {
    std::uint64_t next = never;
    for (int worker = 0; worker < places_.count(); ++worker) {
        next = std::min(next, kill_if_asked(worker, now));
    }
    return next;
}

bool Deadlines::condemned(int worker) const {
    return watches_[static_cast<std::size_t>(worker)].condemned == places_.incarnation(worker);
}

std::uint64_t Deadlines::note_time(std::uint64_t wanted) {
    const std::uint64_t now = os::now_ns();
    const std::uint64_t cpu = os::cpu_time_ns();
    const std::uint64_t before = std::exchange(noted_, now);
    const std::uint64_t computed = cpu - std::exchange(cpu_noted_, cpu);
    if (wanted == never || before == 0) {
        woken_ = now;  // how much of that everything stood still is unknown
    }
    const bool is_known = before != 0 && wanted != never && !paused();
    if (is_known && now - before > wanted + computed + longest_oversleep) {
        pause(before);
        resume(now);
    }
    return now;
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
    lost_ += now - paused_at_;
    paused_at_ = 0;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
