#include "engine/worker/bells.hpp"

#include <atomic>

#include "engine/shared/bell.hpp"
#include "engine/shared/steps.hpp"
#include "os/cpus.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void Bells::pay() {
    if (owed_job_ == seat_.layout.jobs()) {
        return;
    }
    const std::size_t job = std::exchange(owed_job_, seat_.layout.jobs());
    // The publication must be visible before the claim word is read.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (seat_.handed_out(job)) {
        ring(job);
    }
}

void Bells::ring(std::size_t job) {
    if (ring_bell(seat_.layout, job)) {
        woke_client_ = true;
    }
    if (std::exchange(just_woken_, false)) {
        answered_after_rest_ = true;
        os::yield();  // the client may wait for this very CPU
    }
    reach(Step::bell_rung, seat_.worker);
}

void Bells::ring_all() {
    for (std::size_t job = seat_.next_active_job(0); job < seat_.layout.jobs();
         job = seat_.next_active_job(job + 1)) {
        ring(job);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
