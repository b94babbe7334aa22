#include "engine/worker/copies.hpp"

#include <cerrno>
#include <system_error>

#include <procpool/detail/coverage.hpp>

#include "engine/shared/current_task.hpp"
#include "engine/shared/locals.hpp"
#include "engine/shared/timeline.hpp"
#include "engine/shared/times.hpp"
#include "engine/worker/stop_requests.hpp"
#include "os/fork.hpp"
#include "os/orderly_exit.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "os/reaping.hpp"
#include "os/unseen_fork.hpp"
#include "trace/crash.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Copies::Copies(const Seat& seat) : seat_(seat) {}

bool Copies::begin() {
    seat_.slot.copy.store(0, std::memory_order_relaxed);
    os::flush_output();  // what was printed before comes first
    const pid_t worker = os::own_pid();
    const std::uint64_t mark = os::process_mark();
    stand_back_.emplace();
    copy_ = os::fork_process();
    if (copy_ < 0) {
        const int error = errno;
        stand_back_.reset();
        throw std::system_error(
            error, std::generic_category(),
            "procpool: no process for a pristine item" + os::why_no_fork(error));
    }
    if (copy_ == 0) {
        stand_back_.reset();
        become_copy(worker, mark);
        return true;
    }
    trace::let_answer(copy_);
    return false;
}

/// What a worker sets up for itself alone, and a fork does not keep.
void Copies::become_copy(pid_t worker, std::uint64_t mark) const {
    os::die_with_parent();
    if (os::parent_pid() != worker) {
        os::end_process(0);  // it died before it could be watched
    }
    os::forget_output();  // what is in buffers is the worker's to write
    os::worker_mark().store(1, std::memory_order_relaxed);
    own_timeline::begin_copy();
    keep_locals_of(mark);
    os::begin_own_thread_locals();
    detail::Coverage::forget_all();
    take_stop_requests(seat_.slot, seat_.layout.server_line(seat_.worker));
    trace::report_crashes_to(seat_.layout.last_words(seat_.worker),
                             seat_.layout.last_words_key(worker));
}

void Copies::end(const Claim& claim, bool met_memory_limit) const noexcept {
    seat_.slot.copy.store(done(claim, met_memory_limit), std::memory_order_release);
    if (!os::end_process_after(longest_finish)) {
        os::end_process(0);
    }
    destroy_locals();
    os::end_process_in_order();
}

bool Copies::await(const Claim& claim) {
    os::await_end(copy_);
    trace::let_answer(0);  // before its number may be that of another process
    const os::Ending ending = os::reap(copy_);
    own_timeline::end_copy();
    const std::uint64_t said = seat_.slot.copy.load(std::memory_order_acquire);
    if (said != done(claim, false) && said != done(claim, true)) {
        if (ending.pid == 0) {
            trace::say_before_exit(
                "how its copy ended, a wait() of others in the worker has taken");
        }
        os::end_process_like(ending);
    }
    if (ending.signal != 0 || ending.status != 0) {
        trace::forget_last_words();  // of a copy whose item was done: the next one has its own
    }
    stand_back_.reset();
    return said == done(claim, true);
}

/// No task writes that by accident.
std::uint64_t Copies::done(const Claim& claim, bool met_memory_limit) const {
    return mix(mix(seat_.pool.secret ^ claim.serial) ^ claim.begin << 1U ^
               (met_memory_limit ? 1U : 0U));
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
