#include "crew.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace forest {

namespace {

/// Crashes on purpose leave no core behind. For the workers, so before they are made.
void without_core_dumps() {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
}

int with_workers_to_crash(const CrewOptions& options) {
    if (options.crashes > 0) {
        without_core_dumps();
    }
    return options.processes;
}

}  // namespace

Crew::Crew(CrewOptions options)
    : options_(std::move(options)), crew_(with_workers_to_crash(options_)) {}

bool Crew::crashes_next() {
    // The k-th crash is where k / crashes of the fits have begun.
    const std::size_t fits = std::max<std::size_t>(options_.fits, 1);
    const std::size_t before = begun_ * options_.crashes / fits;
    ++begun_;
    return begun_ * options_.crashes / fits > before;
}

void Crew::one_more_done() {
    ++done_;
    if (options_.watch) {
        options_.watch(done_, crew_.pool().worker_pids());
    }
}

}  // namespace forest
