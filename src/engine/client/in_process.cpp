#include "engine/client/in_process.hpp"

#include <chrono>
#include <new>
#include <stdexcept>
#include <utility>

#include <procpool/errors.hpp>

#include "failure/bytes.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

LocalJob& local(const JobHandle& job) { return static_cast<LocalJob&>(*job); }

}  // namespace

InProcess::InProcess(const EngineOptions& options, std::unique_ptr<Executor> executor)
    : owner_(os::process_mark()), crew_(options, std::move(executor), *this) {
    if (!crew_.has_threads()) {
        crew_.initialize_caller();
    }
}

InProcess::~InProcess() {
    if (!belongs_to_this_process()) {
        crew_.leave_to_parent();
        return;
    }
    terminate();
    Lock lock(crew_.mutex());
    crew_.changed().wait(lock, [this] { return crew_.is_idle(); });
}

bool InProcess::belongs_to_this_process() const { return owner_ == os::process_mark(); }

// Jobs --------------------------------------------------------------------------------------------

InProcess::LocalJobHandle InProcess::make(JobSpec&& spec) {
    if (crew_.has_threads() && spec.timeout.count() != 0) {
        throw std::invalid_argument(
            "procpool: a thread cannot be stopped from outside, so a ThreadPool has no timeouts: "
            "use a Pool, or end by this_task::stop_token() and cancel()");
    }
    if (spec.pristine) {
        throw std::invalid_argument(
            "procpool: pristine items need processes: a ThreadPool and Start::in_caller have none");
    }
    return std::make_shared<LocalJob>(std::move(spec), crew_.size());
}

/// From here on the pool's ends are the job's.
void InProcess::note(const LocalJobHandle& job) {
    state_.check_open();
    if (crew_.is_initializing_here()) {
        throw std::logic_error(
            "procpool: an initializer cannot call its own pool, whose workers wait for it");
    }
    if (jobs_.size() >= prune_at_) {
        std::erase_if(jobs_, [](const auto& known) { return known.expired(); });
        prune_at_ = 2 * jobs_.size() + 16;
    }
    jobs_.push_back(job);
    job->number = ++calls_;
    ++under_way_;
    items_ += job->count;
}

JobHandle InProcess::start(JobSpec&& spec) {
    const LocalJobHandle job = make(std::move(spec));
    Lock lock(crew_.mutex());
    note(job);
    crew_.run(lock, job);
    finish_if_over(*job);
    return job;
}

std::vector<JobHandle> InProcess::start_in_each(JobSpec& spec,
                                                std::span<const std::shared_ptr<Sink>> sinks) {
    std::vector<JobHandle> jobs;
    if (!crew_.has_threads()) {
        spec.sink = sinks.front();
        jobs.push_back(start(std::move(spec)));
        return jobs;
    }
    jobs.reserve(sinks.size());
    const JobRequest& alike = spec;
    for (std::size_t place = 0; place < sinks.size(); ++place) {
        JobSpec one{alike, {}, {}};
        one.sink = sinks[place];
        const LocalJobHandle job = make(std::move(one));
        Lock lock(crew_.mutex());
        note(job);
        crew_.run_in(lock, place, job);
        jobs.push_back(job);
    }
    return jobs;
}

std::optional<std::size_t> InProcess::feed(const JobHandle& handle,
                                           std::span<const ItemEntry> items) {
    const auto shared = std::static_pointer_cast<LocalJob>(handle);
    LocalJob& job = *shared;
    Lock lock(crew_.mutex());
    state_.check_feeds();
    if (!job.open || job.stopped) {
        return std::nullopt;
    }
    std::size_t fed = 0;
    while (fed < items.size() && job.feed.has_room(job.count, job.done)) {
        job.feed.put(job.count++, items[fed++]);
    }
    items_ += fed;
    crew_.run(lock, shared);
    finish_if_over(job);
    return fed;
}

void InProcess::end_feed(const JobHandle& job) {
    const Lock lock(crew_.mutex());
    job->open = false;
    finish_if_over(local(job));
}

// How jobs end ------------------------------------------------------------------------------------

/// If nothing of it runs any more, nor will, the items that are left are dropped. Before that
/// nothing of a job is given up: an item that runs may read its input, and write its output. Throws
/// std::bad_alloc: then the job has not ended, and whoever waits for it comes here again.
void InProcess::finish_if_over(LocalJob& job) {
    if (job.resolved || !job.is_over()) {
        return;
    }
    job.open = false;
    job.close();
    if (job.done.total() != job.count) {
        job.drop(0, job.count, why_dropped(job));
    }
    job.resolved = true;
    --under_way_;
    items_ -= job.count;
    finished_ += job.finished;
    crew_.changed().notify_all();
    if (listeners_ != 0) {
        detail::stop_wait_any();  // they look at their jobs
    }
}

Failure InProcess::why_dropped(const LocalJob& job) const {
    if (state_.is == PoolState::broken) {
        return state_.broken_as;
    }
    if (state_.is == PoolState::terminated) {
        return {.kind = Failure::Kind::terminated};
    }
    return job.lost_memory ? out_of_memory("no memory here for its result")
                           : Failure{.kind = Failure::Kind::cancelled};
}

void InProcess::claim_ended(LocalJob& job) noexcept {
    try {
        finish_if_over(job);
    } catch (const std::bad_alloc&) {
        job.close();
    }
    crew_.changed().notify_all();
}

void InProcess::initializer_failed(Lock& lock, Failure&& why) noexcept {
    state_.is = PoolState::broken;
    state_.broken_as = std::move(why);
    close_jobs(lock);
}

/// Does something with each job, under the lock, and something without it. What a job keeps may be
/// the program's: it is let go of without the lock. Call it when the pool takes no more jobs.
template <class Locked, class Unlocked>
void InProcess::for_each_job(Lock& lock, Locked locked, Unlocked unlocked) noexcept {
    std::size_t at = 0;
    while (at < jobs_.size()) {
        LocalJobHandle job = jobs_[at++].lock();
        if (job != nullptr) {
            locked(*job);
            claim_ended(*job);
            lock.unlock();
            unlocked(*job);
            job.reset();
            lock.lock();
        }
    }
}

/// No more items of any job start; those that run are asked to end.
void InProcess::close_jobs(Lock& lock) noexcept {
    for_each_job(
        lock,
        [](LocalJob& job) {
            job.discarded = true;
            job.close();
        },
        [](LocalJob& job) { job.stop.request_stop(); });
}

bool InProcess::wait(const JobHandle& handle, std::uint64_t seen, Clock::time_point deadline) {
    LocalJob& job = local(handle);
    Lock lock(crew_.mutex());
    for (;;) {
        finish_if_over(job);
        if (!job.receiver.tell(lock, deadline)) {
            return false;
        }
        if (job.resolved || job.told() > seen || job.is_certain()) {
            return true;
        }
        if (job.receiver.untold() != 0) {
            continue;
        }
        if (!job.is_under_way()) {
            return false;  // only a call of feed() can bring more: waiting would not
        }
        // A task that waits for others of its pool runs them.
        if (crew_.help(lock, job)) {
            continue;
        }
        if (deadline == Clock::time_point::max()) {
            crew_.changed().wait(lock);
        } else if (crew_.changed().wait_until(lock, deadline) == std::cv_status::timeout) {
            deadline = Clock::time_point::min();
            finish_if_over(job);
            const bool told = job.receiver.tell(lock, deadline);
            return told && (job.resolved || job.told() > seen);
        }
    }
}

PoolStats InProcess::stats(bool /*with_memory*/) const {
    const Lock lock(crew_.mutex());
    PoolStats stats = crew_.counts();
    stats.calls = under_way_;
    stats.queued = items_ - (stats.done + stats.failed - finished_);
    return stats;
}

std::uint64_t InProcess::arrivals(const JobHandle& handle) {
    Lock lock(crew_.mutex());
    finish_if_over(local(handle));
    handle->receiver.tell(lock);
    return handle->told();
}

bool InProcess::resolved(const JobHandle& handle) {
    Lock lock(crew_.mutex());
    finish_if_over(local(handle));
    if (!handle->resolved) {
        crew_.help(lock, local(handle));  // a task may ask again and again instead of waiting
    }
    return handle->receiver.tell(lock) && handle->resolved;
}

std::optional<std::size_t> InProcess::listen(const JobHandle& job) {
    const Lock lock(crew_.mutex());
    if (job->resolved || !local(job).is_under_way()) {
        return std::nullopt;
    }
    ++listeners_;
    return 0;
}

void InProcess::unlisten(std::size_t /*listening*/) {
    const Lock lock(crew_.mutex());
    --listeners_;
}

/// Items that run are asked to end. What they come to counts.
void InProcess::cancel(const JobHandle& handle, std::chrono::nanoseconds /*grace*/) {
    LocalJob& job = local(handle);
    {
        const Lock lock(crew_.mutex());
        job.close();
        finish_if_over(job);
    }
    job.stop.request_stop();
}

void InProcess::abandon(const JobHandle& job) {
    std::shared_ptr<Sink> sink;  // destroyed without the lock
    Lock lock(crew_.mutex());
    sink = job->receiver.forget(lock);
    local(job).close();
    finish_if_over(local(job));
}

void InProcess::forget(const JobHandle& job) {
    std::shared_ptr<Sink> sink;
    Lock lock(crew_.mutex());
    sink = job->receiver.forget(lock);
}

// How the pool ends -------------------------------------------------------------------------------

void InProcess::close() {
    const Lock lock(crew_.mutex());
    if (state_.is == PoolState::open) {
        state_.is = PoolState::closed;
    }
}

void InProcess::join() {
    Lock lock(crew_.mutex());
    if (state_.is == PoolState::open) {
        throw std::logic_error(
            "procpool: join() before close() or terminate() would wait for ever: call close() "
            "first");
    }
    if (crew_.is_inside() || crew_.is_initializing_here()) {
        throw std::logic_error(
            "procpool: join() in a task of the same pool waits for itself: call it elsewhere");
    }
    state_.is_joined = true;
    if (crew_.has_threads()) {
        for_each_job(lock, [](LocalJob& job) { job.open = false; }, [](LocalJob&) {});
    }
    crew_.changed().wait(lock, [this] { return crew_.is_idle(); });
    if (std::exchange(ending_, true)) {
        crew_.changed().wait(lock, [this] { return ended_; });
        return;
    }
    const bool by_plan = state_.is == PoolState::closed;
    lock.unlock();
    crew_.end(by_plan);
    lock.lock();
    ended_ = true;
    crew_.changed().notify_all();
}

void InProcess::terminate() {
    Lock lock(crew_.mutex());
    if (state_.is != PoolState::broken) {
        state_.is = PoolState::terminated;
    }
    close_jobs(lock);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
