#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <procpool/detail/progress.hpp>
#include <procpool/detail/stop_link.hpp>
#include <procpool/detail/submit.hpp>

#include "face/journal_call.hpp"
#include "os/cancellation.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

template <class Options>
void set_map_options(JobSpec& spec, const Options& options) {
    check_options(options.chunksize, options.timeout, options.grace, options.retries);
    spec.chunksize = options.chunksize;
    spec.timeout = options.timeout;
    spec.grace = options.grace;
    spec.retries = options.retries;
    spec.stop = options.stop;
    spec.fail_fast = options.fail_fast;
    spec.pristine = options.pristine;
}

}  // namespace

bool wait_doing(Engine& engine, const JobHandle& job, const Meanwhile& meanwhile,
                Clock::time_point deadline) {
    ProgressBar* const bar = meanwhile.bar;
    JournalCall* const journal = meanwhile.journal;
    const auto next_look = [&] {
        auto due = bar != nullptr ? std::min(deadline, bar->due()) : deadline;
        return journal != nullptr ? std::min(due, journal->due()) : due;
    };
    while (!engine.wait(job, next_look())) {
        if (bar == nullptr && journal == nullptr) {
            return false;
        }
        if (bar != nullptr && Clock::now() >= bar->due()) {
            bar->show(engine.arrivals(job), engine);
        }
        if (journal != nullptr) {
            static_cast<void>(engine.arrivals(job));
            if (!journal->tend()) {
                engine.cancel(job, meanwhile.grace);
            }
        }
        if (Clock::now() >= deadline) {
            return false;
        }
    }
    if (bar != nullptr) {
        bar->end_at(engine.arrivals(job));
    }
    return true;
}

std::unique_ptr<ProgressBar> bar_of(const Progress& progress, std::optional<std::uint64_t> total,
                                    const Engine& engine) {
    if (!progress) {
        return nullptr;
    }
    auto bar = std::make_unique<ProgressBar>(progress.label(), total);
    bar->begin(engine);
    return bar;
}

void set_options(JobSpec& spec, const MapOptions& options) { set_map_options(spec, options); }
void set_options(JobSpec& spec, const ForkMapOptions& options) { set_map_options(spec, options); }
void set_options(JobSpec& spec, const TaskOptions& options) {
    check_options(1, options.timeout, options.grace, options.retries);
    spec.chunksize = 1;
    spec.timeout = options.timeout;
    spec.grace = options.grace;
    spec.retries = options.retries;
    spec.pristine = options.pristine;
    spec.stop = options.stop;
}

void run_to_end(Engine& engine, JobSpec& spec, AnyCollector& sink, bool certain_early,
                const Progress& progress) {
    const os::CancellationBlock whole;  // once, not by each call of the engine
    const std::unique_ptr<ProgressBar> bar = bar_of(progress, spec.count, engine);
    spec.sink = std::shared_ptr<Sink>(std::shared_ptr<void>(), &sink);  // owns nothing
    spec.waited = true;
    const std::stop_token stop = spec.stop;
    const std::chrono::nanoseconds grace = spec.grace;
    const std::shared_ptr<JournalCall> journal = spec.journal;
    if (journal != nullptr) [[unlikely]] {
        JournalCall::attach(spec);
    }
    const JobHandle job = engine.start(std::move(spec));
    StopLink link;
    link.begin(engine, job, stop, grace);
    try {
        wait_doing(engine, job, {bar.get(), journal.get(), grace}, Clock::time_point::max());
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
