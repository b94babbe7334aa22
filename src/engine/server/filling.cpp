#include "engine/server/filling.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/types.h>

#include "engine/server/limits.hpp"
#include "engine/worker/worker.hpp"
#include "os/clock.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

bool Filling::fill_all() {
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (!fill(worker)) {
            return false;
        }
    }
    return true;
}

std::uint64_t Filling::next_look(std::uint64_t now) const {
    return places_.any(Place::State::vacant) ? std::max(retry_at_, now) : never;
}

void Filling::fill_vacancies() {
    const std::uint64_t now = os::now_ns();
    if (now < retry_at_) {
        return;
    }
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (places_[worker].state != Place::State::vacant) {
            continue;
        }
        if (!fill(worker)) {
            note_failure(now, errno);
            return;
        }
        failing_since_ = 0;
    }
    retry_at_ = 0;
    keep_spare();
}

void Filling::note_failure(std::uint64_t now, int error) {
    failing_since_ = failing_since_ == 0 ? now : failing_since_;
    const bool needed = !places_.any(Place::State::held) || work_is_stranded();
    if (needed && now - failing_since_ > failing_fork_time_limit) {
        state_.break_pool(error);
    }
    retry_at_ = now + fork_retry_interval;
}

/// What a dead worker left of its claim nobody else may take.
bool Filling::work_is_stranded() const {
    for (int worker = 0; worker < places_.count(); ++worker) {
        const Slot& slot = layout_.slot(worker);
        if (places_[worker].state == Place::State::vacant &&
            slot.phase.load(std::memory_order_relaxed) == phase::taken) {
            return true;
        }
    }
    return false;
}

/// Puts a new process into a vacant place. False and errno when it cannot be forked.
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
    // The dead may have held the token that kept a client from waking anyone.
    os::futex_wake(layout_.pool().doorbell, 1);
    return true;
}

/// Not while there are deadlines: they would come late by a slow fork that nobody needs yet.
void Filling::keep_spare() {
    if (!deadlines_.any()) {
        spare_.keep();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
