#include "crew.hpp"

#include <new>
#include <stdexcept>
#include <system_error>

#include <sys/resource.h>

#include <fmt/format.h>

namespace forest {

Crew::Crew(CrewOptions options) : options_(std::move(options)) {
    if (options_.crashes > 0) {
        rlimit limit{};  // crashes on purpose leave no core behind
        ::getrlimit(RLIMIT_CORE, &limit);
        limit.rlim_cur = 0;
        ::setrlimit(RLIMIT_CORE, &limit);
    }
    try {
        pool_.emplace(options_.processes);
    } catch (const std::invalid_argument&) {
        throw BadInput(
            fmt::format("--processes {}: write 1 to 1000, or 0 for the CPUs this "
                        "process may use",
                        options_.processes));
    } catch (const std::system_error& error) {
        throw SystemLimit(
            fmt::format("cannot start the worker processes: {}; ask for fewer with --processes, or "
                        "raise the limits (ulimit -u, ulimit -n)",
                        error.code().message()));
    }
    look_around();
}

std::size_t Crew::deaths() {
    look_around();
    return dead_.size();
}

bool Crew::crashes_next() {
    // The k-th crash is where k / crashes of the fits have begun.
    const std::size_t fits = std::max<std::size_t>(options_.fits, 1);
    const std::size_t before = begun_ * options_.crashes / fits;
    ++begun_;
    return begun_ * options_.crashes / fits > before;
}

void Crew::look_around() {
    const auto workers = pool_->worker_pids();
    const std::set<pid_t> now(workers.begin(), workers.end());
    for (const pid_t pid : seen_)
        if (!now.contains(pid)) dead_.insert(pid);
    seen_.insert(now.begin(), now.end());
}

void Crew::one_more_done() {
    ++done_;
    if (!options_.watch) return;
    look_around();
    options_.watch(done_, pool_->worker_pids());
}

void Crew::note_death(const procpool::WorkerDied& death, int tries) {
    dead_.insert(death.worker_pid());
    if (tries < most_tries) return;
    fail(fmt::format("a fit lost its worker {} times, at last: {}", tries, death.message()));
}

void Crew::fail(const std::string& why) { throw WorkFailed(why); }

}  // namespace forest
