#include "engine/client/in_caller.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

#include <procpool/errors.hpp>

#include "engine/shared/current_task.hpp"
#include "engine/shared/finalizer.hpp"
#include "engine/shared/words.hpp"
#include "os/clock.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

namespace {
const std::atomic<std::uint64_t> always_genuine{1};

/// Fixed-size results are passed on in pieces of this many bytes.
constexpr std::size_t batch_bytes = std::size_t{64} << 10U;

Failure current_failure(std::uint64_t item) {
    return decode_failure(encode_current_exception(item, os::own_pid()));
}

using Lock = std::unique_lock<std::mutex>;

/// Thrown through a thunk instead of running an item whose job is cancelled.
struct Cancelled {};

}  // namespace

/// A job that owns the memory which its spec only points to.
class CallerJob : public Job {
public:
    explicit CallerJob(JobSpec given) : Job(std::move(given.sink)), spec(std::move(given)) {}
    ~CallerJob() {
        if (prepared != nullptr && spec.prepare.close != nullptr) {
            spec.prepare.close(prepared);
        }
    }
    CallerJob(const CallerJob&) = delete;
    CallerJob& operator=(const CallerJob&) = delete;

    JobSpec spec;
    void* prepared = nullptr;
    bool stopped = false;
    std::atomic<std::uint32_t> cancelled{0};  // 1: no more of its items may start
    std::stop_source stop;                    // of the items that run
};

/// Runs items of one job through its thunk; the results go to the sink as they come,
/// without the lock.
class CallerRun final : public RunHost {
public:
    CallerRun(CallerJob& job, InCaller& pool)
        : job_(job), pool_(pool), mutex_(pool.mutex_), outer_(std::exchange(innermost, this)) {}
    CallerRun(const CallerRun&) = delete;
    CallerRun& operator=(const CallerRun&) = delete;
    ~CallerRun() { innermost = outer_; }

    /// The innermost run of this thread; null if it runs no item.
    static thread_local const CallerRun* innermost;

    /// Does this thread run an item of the pool?
    static bool inside(const InCaller& pool) {
        const CallerRun* run = innermost;
        while (run != nullptr && &run->pool_ != &pool) {
            run = run->outer_;
        }
        return run != nullptr;
    }

    /// Runs items [first, last), until the job is stopped.
    void items(std::uint64_t first, std::uint64_t last) {
        Run run;
        run.next = first;
        run.closure = job_.spec.closure.data();
        run.closure_size = job_.spec.closure.size();
        run.input = job_.spec.shared_inputs;
        run.input_mask = job_.feed ? job_.feed.mask() : ~std::uint64_t{0};
        run.current_ = &current_;
        run.part_word_ = &part_;
        run.genuine_ = &always_genuine;
        run.cancelled_ = &job_.cancelled;
        run.stride_ = job_.spec.result_stride;
        run.host_ = this;
        while (run.next < last && !job_.stopped) {
            given_ = run.next;
            run.last = last;
            if (job_.spec.in_place != nullptr) {
                run.output_ = job_.spec.in_place;
            } else if (run.stride_ != 0) {
                run.last = std::min<std::uint64_t>(
                    last, run.next + std::max<std::size_t>(1, batch_bytes / run.stride_));
                buffer_.resize((run.last - run.next) * run.stride_);
                run.output_ = buffer_.data() - run.next * run.stride_;
            }
            output_ = run.output_;
            try {
                if (job_.spec.prepare.open != nullptr && job_.prepared == nullptr) {
                    job_.prepared = job_.spec.prepare.open(job_.spec.closure);
                }
                run.prepared = job_.prepared;
                job_.spec.thunk(run);
            } catch (const Cancelled&) {
                give(run.next);
                return;
            } catch (...) {
                fail(run, run.next++);
            }
            give(run.next);
        }
    }

    void begin_checked(std::uint64_t item) override {
        if (job_.cancelled.load(std::memory_order_relaxed) != 0) {
            throw Cancelled();
        }
        current_.store(running(item), std::memory_order_relaxed);
    }
    void look_at_thefts(std::uint64_t /*item*/) override {}
    void end_checked() override {}
    void emit(Run& run, std::span<const std::byte> bytes) override {
        give(run.next);
        Lock lock(mutex_);
        job_.receiver.make_room();
        if (job_.done.insert(run.next, run.next + 1)) {
            job_.receiver.result(run.next, bytes);
        }
        given_ = run.next + 1;
        job_.receiver.tell(lock);
    }
    void fail(Run& run, std::uint64_t item) override {
        Failure failure = current_failure(item);
        failure.part = part_.load(std::memory_order_relaxed);
        failure.tries = 1;
        failure.duration = std::chrono::nanoseconds(run.take_run_time(os::now_ns()));
        give(item);
        if (job_.spec.fail_fast) {
            stop();
            run.last = run.next;
        }
        Lock lock(mutex_);
        job_.receiver.make_room();
        if (job_.done.insert(item, item + 1)) {
            job_.receiver.failed(item, std::move(failure));
        }
        given_ = item + 1;
        job_.receiver.tell(lock);
    }
    void stop() override { job_.stopped = true; }

private:
    /// Passes the results of the items before `end` to the sink.
    void give(std::uint64_t end) {
        if (given_ >= end) {
            return;
        }
        const std::uint64_t count = end - given_;
        std::span<const std::byte> bytes;
        if (job_.spec.in_place == nullptr && job_.spec.result_stride != 0) {
            bytes = {output_ + given_ * job_.spec.result_stride, count * job_.spec.result_stride};
        }
        Lock lock(mutex_);
        job_.receiver.make_room();
        if (job_.done.insert(given_, end)) {
            job_.receiver.results(given_, count, bytes);
        }
        given_ = end;
        job_.receiver.tell(lock);
    }

    CallerJob& job_;
    InCaller& pool_;
    std::mutex& mutex_;
    const CallerRun* const outer_;
    Word current_{resting_at(0)}, part_{detail::no_part};
    const ItemsInCaller says_which_{{current_, part_}, job_.stop.get_token()};
    std::vector<std::byte> buffer_;
    const std::byte* output_ = nullptr;
    std::uint64_t given_ = 0;  // everything before it went to the sink
};

thread_local const CallerRun* CallerRun::innermost = nullptr;

namespace {

/// Finishes a job: the items that are left are dropped.
void finish(CallerJob& job, Failure::Kind why) {
    if (job.resolved) {
        return;
    }
    job.open = false;
    job.cancelled.store(1, std::memory_order_relaxed);
    job.drop(0, job.count, Failure{.kind = why});
    job.resolved = true;
}

}  // namespace

InCaller::InCaller(const EngineOptions& options)
    : owner_(os::process_mark()),
      finalize_(options.finalize),
      finalizer_(options.finalizer.begin(), options.finalizer.end()) {
    if (options.initialize == nullptr) {
        return;
    }
    try {
        options.initialize(options.initializer);
    } catch (...) {
        state_.is = PoolState::broken;
        state_.broken_as = current_failure(0);
        state_.broken_as.kind = Failure::Kind::initializer;
    }
}

bool InCaller::belongs_to_this_process() const { return owner_ == os::process_mark(); }

/// Runs items of the job in this thread; join() waits for it.
void InCaller::run(const std::shared_ptr<CallerJob>& job, std::uint64_t first, std::uint64_t last) {
    struct End {
        InCaller& pool;
        explicit End(InCaller& of) : pool(of) {}
        End(const End&) = delete;
        End& operator=(const End&) = delete;
        ~End() {
            const std::scoped_lock lock(pool.mutex_);
            --pool.running_;
            pool.idle_.notify_all();
        }
    };
    {
        const std::scoped_lock lock(mutex_);
        job->feed ? state_.check_feeds() : state_.check_open();
        ++running_;
    }
    const End end(*this);
    // Nothing can end an item in its own process but itself.
    const std::stop_callback ask(job->spec.stop, [&] {
        job->cancelled.store(1, std::memory_order_relaxed);
        job->stop.request_stop();
    });
    CallerRun(*job, *this).items(first, last);
}

JobHandle InCaller::start(JobSpec&& spec) {
    auto job = std::make_shared<CallerJob>(std::move(spec));
    {
        const std::scoped_lock lock(mutex_);
        state_.check_open();
        std::erase_if(jobs_, [](const auto& known) { return known.expired(); });
        jobs_.push_back(job);
    }
    JobSpec& mine = job->spec;
    job->block = std::move(mine.block);
    job->keep = std::move(mine.keep);
    job->keep_output = std::move(mine.keep_output);
    job->more_blocks.push_back(Block::copy_of(mine.closure));
    mine.closure = {job->more_blocks.back().data(), mine.closure.size()};
    if (mine.window != 0) {
        job->open = true;
        job->feed = Feed(mine.window);
        mine.shared_inputs = job->feed.data();
        return job;
    }
    if (job->block) {
        mine.shared_inputs = job->block.data();
    } else if (mine.shared_inputs == nullptr) {
        job->more_blocks.push_back(Block::copy_of(mine.inputs));
        mine.shared_inputs = job->more_blocks.back().data();
    }
    job->count = mine.count;
    run(job, 0, job->count);
    const std::scoped_lock lock(mutex_);
    finish(*job, Failure::Kind::cancelled);
    return job;
}

std::vector<JobHandle> InCaller::start_in_each(JobSpec& spec,
                                               std::span<const std::shared_ptr<Sink>> sinks) {
    spec.sink = sinks.front();
    return {start(std::move(spec))};
}

std::optional<std::size_t> InCaller::feed(const JobHandle& handle,
                                          std::span<const ItemEntry> items) {
    const auto shared = std::static_pointer_cast<CallerJob>(handle);
    CallerJob& job = *shared;
    const std::size_t fed = std::min<std::size_t>(items.size(), job.feed.mask() + 1);
    {
        const std::scoped_lock lock(mutex_);
        state_.check_feeds();
        if (!job.open || job.stopped) {
            return std::nullopt;
        }
        for (const ItemEntry& item : items.first(fed)) {
            job.feed.put(job.count++, item);
        }
    }
    run(shared, job.count - fed, job.count);
    if (job.stopped) {
        end_feed(handle);
    }
    return fed;
}

void InCaller::end_feed(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    finish(static_cast<CallerJob&>(*job), Failure::Kind::cancelled);
}

bool InCaller::wait(const JobHandle& job, std::uint64_t seen, Clock::time_point /*deadline*/) {
    // Only a call of start() or feed() can bring more: waiting would not.
    Lock lock(mutex_);
    job->receiver.tell(lock);
    return job->resolved || job->told() > seen;
}

std::uint64_t InCaller::arrivals(const JobHandle& job) {
    Lock lock(mutex_);
    job->receiver.tell(lock);
    return job->told();
}

bool InCaller::resolved(const JobHandle& job) {
    Lock lock(mutex_);
    return job->receiver.tell(lock) && job->resolved;
}

void InCaller::abandon(const JobHandle& job) {
    std::shared_ptr<Sink> sink;  // destroyed without the lock
    Lock lock(mutex_);
    sink = job->receiver.forget(lock);
    finish(static_cast<CallerJob&>(*job), Failure::Kind::cancelled);
}

void InCaller::forget(const JobHandle& job) {
    std::shared_ptr<Sink> sink;
    Lock lock(mutex_);
    sink = job->receiver.forget(lock);
}

void InCaller::close() {
    const std::scoped_lock lock(mutex_);
    if (state_.is == PoolState::open) {
        state_.is = PoolState::closed;
    }
}

void InCaller::join() {
    std::unique_lock lock(mutex_);
    if (state_.is == PoolState::open) {
        throw std::logic_error(
            "procpool: join() before close() or terminate() would wait for ever: call close() "
            "first");
    }
    if (CallerRun::inside(*this)) {
        throw std::logic_error(
            "procpool: join() in a task of the same pool waits for itself: call it elsewhere");
    }
    state_.is_joined = true;
    idle_.wait(lock, [this] { return running_ == 0; });
    const bool by_plan = state_.is == PoolState::closed;
    const auto finalize = by_plan ? std::exchange(finalize_, nullptr) : nullptr;
    lock.unlock();
    if (finalize != nullptr) {
        run_finalizer(finalize, finalizer_);
    }
}

void InCaller::terminate() {
    std::vector<std::shared_ptr<CallerJob>> jobs;  // let go of without the lock
    const std::scoped_lock lock(mutex_);
    if (state_.is != PoolState::broken) {
        state_.is = PoolState::terminated;
    }
    for (const std::weak_ptr<CallerJob>& known : jobs_) {
        if (std::shared_ptr<CallerJob> job = known.lock()) {
            finish(*jobs.emplace_back(std::move(job)), Failure::Kind::terminated);
        }
    }
    jobs_.clear();
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
