#include "engine/server/filling.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/types.h>

#include "engine/server/limits.hpp"
#include "engine/shared/theft.hpp"
#include "engine/worker/worker.hpp"
#include "os/clock.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::uint64_t Filling::next_look(std::uint64_t now) const {
    const bool wanted = places_.any(Place::State::vacant) || wants_spare();
    return wanted ? std::max(retry_at_, now) : never;
}

void Filling::fill_vacancy() {
    const std::uint64_t now = os::now_ns();
    if (now < retry_at_) {
        return;
    }
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (places_[worker].state == Place::State::vacant) {
            if (fill(worker)) {
                failing_since_ = 0;
                retry_at_ = 0;
            } else {
                note_failure(now, errno);
            }
            return;
        }
    }
    keep_spare();
    retry_at_ = wants_spare() ? now + fork_retry_interval : 0;
}

void Filling::note_failure(std::uint64_t now, int error) {
    failing_since_ = failing_since_ == 0 ? now : failing_since_;
    bool needed = !places_.any(Place::State::held);
    for (int worker = 0; worker < places_.count() && !needed; ++worker) {
        needed = places_[worker].state == Place::State::vacant && is_needed(worker);
    }
    if (needed && now - failing_since_ > failing_fork_time_limit) {
        report_.break_pool(error);
    }
    retry_at_ = now + fork_retry_interval;
}

/// Is there work that only a worker in this place does? Something may be left of a dead one's claim
/// that nobody has stolen, and some jobs are for one worker.
bool Filling::is_needed(int worker) const {
    const Slot& slot = layout_.slot(worker);
    if (slot.phase.load(std::memory_order_relaxed) != phase::idle) {
        const Claim claim = slot.claim();
        if (Victim(layout_, worker).held_end(claim) != claim.begin) {
            return true;
        }
    }
    const ActiveJobs& active = layout_.pool().active;
    for (std::size_t job = active.next(0, layout_.jobs()); job < layout_.jobs();
         job = active.next(job + 1, layout_.jobs())) {
        if (layout_.job(job).terms.only_worker == worker) {
            return true;
        }
    }
    return false;
}

bool Filling::fill(int worker) {
    if (spare_.pid() != 0) {
        fill_with_spare(worker);
        return true;
    }
    return fill_with_fork(worker);
}

void Filling::fill_with_spare(int worker) {
    places_.begin_incarnation(worker);
    places_.enter(worker, spare_.pid());
    spare_.send_to(worker);
    report_.note_fork(worker, layout_.server_line(worker).born_ns.load(std::memory_order_relaxed));
}

bool Filling::fill_with_fork(int worker) {
    const std::uint64_t before = os::now_ns();
    const pid_t self = os::own_pid();
    places_.begin_incarnation(worker);
    const pid_t pid = os::fork_process();
    if (pid < 0) {
        places_.cancel_incarnation(worker);
        return false;
    }
    if (pid == 0) {
        handles_.give_up_in_worker();
        Worker::live(layout_, worker, self);
    }
    spare_.note_fork_time(os::now_ns() - before);
    os::make_group_leader(pid);
    places_.enter(worker, pid);
    report_.note_fork(worker, before);
    // The dead worker may have held the token that kept a client from waking anyone.
    os::futex_wake(layout_.common().doorbell, 1);
    return true;
}

/// Not while there are deadlines: they would come late by a slow fork that nobody needs yet.
bool Filling::wants_spare() const { return spare_.is_wanted() && !deadlines_.any(); }

void Filling::keep_spare() {
    if (wants_spare()) {
        spare_.keep();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
