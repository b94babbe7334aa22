#include "fit_runner.hpp"

#include <algorithm>

#include "tool/limits.hpp"

namespace forest {

namespace {

/// How many processes are asked for. Before they are made, core dumps are turned off if some of
/// them are to crash.
int prepared_processes(const FitRunnerOptions& options) {
    if (options.crashes > 0) {
        tool::dump_no_core();
    }
    return options.processes;
}

}  // namespace

FitRunner::FitRunner(FitRunnerOptions options)
    : options_(std::move(options)), workers_(prepared_processes(options_)) {}

bool FitRunner::crashes_next() {
    // The k-th crash is where k / crashes of the fits have begun.
    const std::size_t fits = std::max<std::size_t>(options_.fits, 1);
    const std::size_t before = begun_ * options_.crashes / fits;
    ++begun_;
    return begun_ * options_.crashes / fits > before;
}

void FitRunner::one_more_done() {
    ++done_;
    if (options_.watch) {
        options_.watch(done_, workers_.pool().worker_pids());
    }
}

}  // namespace forest
