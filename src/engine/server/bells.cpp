#include "engine/server/bells.hpp"

#include <cstddef>

#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

void ring_waiters(const Layout& layout, std::size_t job) {
    os::FutexWord& bell = layout.words(job).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(bell, 1 << 30);
}

}  // namespace

void ring_everyone(const Layout& layout) {
    const ActiveJobs& active = layout.pool().active;
    for (std::size_t job = active.next(0, layout.jobs()); job < layout.jobs();
         job = active.next(job + 1, layout.jobs())) {
        ring_waiters(layout, job);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
