#include <algorithm>
#include <memory>
#include <vector>

#include <procpool/detail/progress.hpp>
#include <procpool/detail/submit.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

template <class Options>
void set_map_options(JobSpec& spec, const Options& options) {
    check_options(options.chunksize, options.timeout, options.retries);
    spec.chunksize = options.chunksize;
    spec.timeout = options.timeout;
    spec.retries = options.retries;
    spec.fail_fast = options.fail_fast;
}

/// Waits as Engine::wait, and shows how far it is.
void wait_showing(Engine& engine, const JobHandle& job, std::uint64_t total,
                  const std::string& label) {
    if (label.empty()) {
        engine.wait(job, Clock::time_point::max());
        return;
    }
    ProgressBar bar(label, total);
    while (!engine.wait(job, Clock::now() + std::chrono::milliseconds(100))) {
        bar.show(engine.arrivals(job));
    }
}

}  // namespace

void set_options(JobSpec& spec, const MapOptions& options) { set_map_options(spec, options); }
void set_options(JobSpec& spec, const ForkMapOptions& options) { set_map_options(spec, options); }
void set_options(JobSpec& spec, const TaskOptions& options) {
    check_options(1, options.timeout, options.retries);
    spec.chunksize = 1;
    spec.timeout = options.timeout;
    spec.retries = options.retries;
}

void run_to_end(Engine& engine, JobSpec& spec, AnyCollector& sink, bool certain_early,
                const std::string& label) {
    const std::uint64_t count = spec.count;
    spec.sink = std::shared_ptr<Sink>(std::shared_ptr<void>(), &sink);  // owns nothing
    spec.waited = true;
    const JobHandle job = engine.start(std::move(spec));
    try {
        wait_showing(engine, job, count, label);
    } catch (...) {
        engine.abandon(job);  // nobody waits for it any more
        throw;
    }
    if (certain_early) {
        engine.abandon(job);
    }
}

/// The last worker first: when its job is done, those of most others are, and need no wait.
void run_in_each_worker(Engine& engine, JobSpec& spec) {
    std::vector<std::shared_ptr<DoneSink>> sinks(static_cast<std::size_t>(engine.processes()));
    for (auto& sink : sinks) {
        sink = std::make_shared<DoneSink>();
    }
    const std::vector<std::shared_ptr<Sink>> receivers(sinks.begin(), sinks.end());
    const std::vector<JobHandle> jobs = engine.start_in_each(spec, receivers);
    std::for_each(jobs.rbegin(), jobs.rend(),
                  [&](const JobHandle& job) { engine.wait(job, Clock::time_point::max()); });
    for (const auto& sink : sinks) {
        sink->take();
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
