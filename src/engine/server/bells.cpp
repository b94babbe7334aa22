#include "engine/server/bells.hpp"

#include <cstddef>

#include "engine/shared/bell.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void ring_everyone(const Layout& layout) {
    const ActiveJobs& active = layout.pool().active;
    for (std::size_t job = active.next(0, layout.jobs()); job < layout.jobs();
         job = active.next(job + 1, layout.jobs())) {
        ring_bell(layout, job);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
