#include "engine/client/crew.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>

#include "engine/client/pool_counts.hpp"
#include "engine/shared/current_task.hpp"
#include "engine/shared/finalizer.hpp"
#include "engine/shared/words.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

// An adaptive claim grows until it runs for the first time, and shrinks beyond the second.
constexpr std::uint64_t short_claim = 50 * os::us;
constexpr std::uint64_t long_claim = 200 * os::us;

/// How many items the next claim of the job has.
std::uint64_t next_claim(const LocalJob& job, std::size_t seats) {
    const std::uint64_t left = job.count - job.next;
    const std::uint64_t wanted =
        job.spec.chunksize != 0
            ? job.spec.chunksize
            : std::min(job.chunk, std::max<std::uint64_t>(1, left / (2 * seats)));
    return std::min(wanted, left);
}

void adapt(LocalJob& job, std::uint64_t claimed, std::uint64_t time) {
    if (time < short_claim && claimed == job.chunk) {
        job.chunk *= 2;
    } else if (time > long_claim && job.chunk > 1) {
        job.chunk /= 2;
    }
}

/// Outside items, too, a thread may act for a worker.
class AsWorker {
public:
    explicit AsWorker(const LocalSeat& seat)
        : as_worker_({nothing_, no_part_}, std::stop_token(), seat.number, seat.locals) {}

private:
    const Word nothing_{resting_at(0)};
    const Word no_part_{detail::no_part};
    const ItemsHere as_worker_;
};

thread_local const Crew* initializing = nullptr;

/// The exception in flight, of an initializer.
Failure why_it_failed() noexcept {
    Failure failure;
    try {
        failure = current_failure(0);
    } catch (const std::bad_alloc&) {
        // That it failed is all that can be said.
    }
    failure.kind = Failure::Kind::initializer;
    return failure;
}

}  // namespace

Crew::Crew(const EngineOptions& options, std::unique_ptr<Executor> executor, Owner& owner)
    : owner_(owner),
      executor_(std::move(executor)),
      changed_(std::make_unique<std::condition_variable>()),
      seats_(executor_ != nullptr ? static_cast<std::size_t>(options.processes) : 1),
      born_ns_(os::now_ns()),
      initialize_(options.initialize),
      initializer_(options.initializer.begin(), options.initializer.end()),
      finalize_(options.finalize),
      finalizer_(options.finalizer.begin(), options.finalizer.end()) {}

void Crew::initialize_caller() {
    Lock lock(mutex_);
    static_cast<void>(initialize(lock, seat(0)));
}

void Crew::leave_to_parent() {
    static_cast<void>(executor_.release());
    static_cast<void>(changed_.release());
}

LocalSeat Crew::seat(std::size_t place) {
    return {static_cast<int>(place), executor_ != nullptr ? &seats_[place].locals : nullptr};
}

void Crew::run(Lock& lock, const std::shared_ptr<LocalJob>& job) {
    if (executor_ == nullptr) {
        run_in_caller(lock, *job);
        return;
    }
    // One driver for each item, if there are so many seats: the next item may take long.
    while (job->has_unclaimed() && job->queued < job->count - job->next &&
           job->drivers < seats_.size()) {
        ++job->drivers;
        ++job->queued;
        ++drivers_;
        if (!enqueue(lock, job)) {
            --job->queued;
            --job->drivers;
            --drivers_;
            changed_->notify_all();
            if (job->drivers == 0) {
                job->close();
                throw std::bad_alloc();
            }
            return;
        }
    }
}

void Crew::run_in(Lock& lock, std::size_t place, const std::shared_ptr<LocalJob>& job) {
    job->for_one_seat = true;
    seats_[place].own_jobs.push_back(job);
    ++drivers_;
    if (!enqueue(lock, nullptr, place)) {
        run_own_jobs_if_free(lock, place);  // here
        --drivers_;
        changed_->notify_all();
    }
}

void Crew::run_in_caller(Lock& lock, LocalJob& job) {
    // Nothing can end an item in its own process but itself.
    lock.unlock();
    const std::stop_callback ask(job.spec.stop, [&] {
        job.cancelled.store(1, std::memory_order_relaxed);
        job.stop.request_stop();
    });
    lock.lock();
    while (run_claim(lock, job, seat(0))) {
        job.receiver.tell(lock);  // here, not at the end: it may be written down
    }
    if (job.cancelled.load(std::memory_order_relaxed) != 0) {
        job.close();
    }
}

/// Has a thread drive the job, or if there is none that seat's own. False if there is no memory for
/// that. (An executor may run out of memory when it has queued the work: it then finds its ticket
/// taken.)
bool Crew::enqueue(Lock& lock, std::shared_ptr<LocalJob> job, std::size_t place) {
    lock.unlock();
    std::shared_ptr<Ticket> ticket;
    bool queued = true;
    try {
        ticket = std::make_shared<Ticket>();
        ticket->job = std::move(job);
        executor_->enqueue([this, ticket, place] { use(*ticket, place); });
    } catch (const std::bad_alloc&) {
        queued = false;
    }
    lock.lock();
    if (queued || ticket == nullptr || ticket->is_taken.exchange(true)) {
        return ticket != nullptr;
    }
    ticket->job.reset();
    return false;
}

void Crew::use(Ticket& ticket, std::size_t place) noexcept {
    if (ticket.is_taken.exchange(true)) {
        return;  // and this may be gone
    }
    Lock lock(mutex_);
    if (ticket.job != nullptr) {
        drive(lock, std::move(ticket.job));
    } else {
        run_own_jobs_if_free(lock, place);
    }
    --drivers_;
    changed_->notify_all();
}

/// A driver's turn: one claim. Then it waits behind the others for the next.
void Crew::drive(Lock& lock, std::shared_ptr<LocalJob> job) {
    for (;;) {
        const auto free_seat = [&] { return std::ranges::find(seats_, false, &Place::taken); };
        // An executor may have a thread more than was asked for.
        changed_->wait(lock, [&] { return !job->has_unclaimed() || free_seat() != seats_.end(); });
        --job->queued;
        if (!job->has_unclaimed()) {
            break;
        }
        const auto place = static_cast<std::size_t>(free_seat() - seats_.begin());
        seats_[place].taken = true;
        run_claim(lock, *job, seat(place));
        run_own_jobs(lock, place);
        if (!job->has_unclaimed()) {
            break;
        }
        ++job->queued;
        ++job->drivers;
        ++drivers_;
        if (enqueue(lock, job)) {
            break;
        }
        --job->drivers;
        --drivers_;
    }
    --job->drivers;
    let_go(lock, std::move(job));
}

/// What a job keeps may be of the program's: it is destroyed without the lock.
void Crew::let_go(Lock& lock, std::shared_ptr<LocalJob> job) {
    lock.unlock();
    job.reset();
    lock.lock();
}

/// For a driver of the jobs of one seat. Whoever has the seat runs them, too.
void Crew::run_own_jobs_if_free(Lock& lock, std::size_t place) {
    if (!seats_[place].taken) {
        seats_[place].taken = true;
        run_own_jobs(lock, place);
    }
}

/// Runs the oldest of what is for this seat alone. False if there is nothing.
bool Crew::run_own_job(Lock& lock, std::size_t place) {
    std::deque<std::shared_ptr<LocalJob>>& own = seats_[place].own_jobs;
    if (own.empty()) {
        return false;
    }
    std::shared_ptr<LocalJob> job = std::move(own.front());
    own.pop_front();
    run_claim(lock, *job, seat(place));
    let_go(lock, std::move(job));
    return true;
}

/// Runs what is for this seat alone, and gives the seat up.
void Crew::run_own_jobs(Lock& lock, std::size_t place) {
    while (run_own_job(lock, place)) {
    }
    seats_[place].taken = false;
    changed_->notify_all();
}

/// Claims some items of the job, and runs them without the lock. False if there are none.
bool Crew::run_claim(Lock& lock, LocalJob& job, const LocalSeat& seat) {
    if (!job.has_unclaimed()) {
        return false;
    }
    struct Claimed {
        Crew& crew;
        Lock& lock;
        LocalJob& job;
        Claimed(Crew& in, Lock& by, LocalJob& of) : crew(in), lock(by), job(of) {
            ++job.running;
            ++crew.running_;
        }
        Claimed(const Claimed&) = delete;
        Claimed& operator=(const Claimed&) = delete;
        ~Claimed() {
            if (!lock.owns_lock()) {
                lock.lock();
            }
            --job.running;
            --crew.running_;
            crew.owner_.claim_ended(job);
        }
    };
    const std::uint64_t first = job.next;
    const std::uint64_t claimed = next_claim(job, seats_.size());
    job.next += claimed;
    const Claimed claim(*this, lock, job);
    if (!initialize(lock, seat)) {
        return true;
    }
    Place& place = seats_[static_cast<std::size_t>(seat.number)];
    const std::uint64_t began = os::now_ns();
    // A claim may run in the middle of an item of another, and in the caller several at once.
    const bool is_outer = place.since_ns == 0;
    place.since_ns = is_outer ? began : place.since_ns;
    lock.unlock();
    std::uint64_t run = 0;
    try {
        LocalRun local(job, *this, mutex_, seat, counts_);
        local.items(first, first + claimed);
        run = local.finished();
    } catch (const std::bad_alloc&) {
        job.lost_memory = true;
        job.close();
    }
    const std::uint64_t time = os::now_ns() - began;
    lock.lock();
    adapt(job, claimed, time);
    place.items += run;
    if (is_outer) {
        place.busy_ns += time;
        place.since_ns = 0;
    }
    if (run != 0) {
        add_slow(slowest_, {.index = first,
                            .count = run,
                            .call = job.number,
                            .duration = std::chrono::nanoseconds(time),
                            .worker = seat.number});
    }
    return true;
}

/// Runs the initializer, if this seat has not yet. False if one has failed.
bool Crew::initialize(Lock& lock, const LocalSeat& seat) {
    Place& place = seats_[static_cast<std::size_t>(seat.number)];
    if (place.initialized || initialize_ == nullptr) {
        return !broken_;
    }
    place.initialized = true;
    lock.unlock();
    std::optional<Failure> failure;
    const Crew* const outer = std::exchange(initializing, this);
    const std::uint64_t began = os::now_ns();
    try {
        const AsWorker as_worker(seat);
        initialize_(initializer_);
    } catch (...) {
        failure = why_it_failed();
    }
    initializing = outer;
    lock.lock();
    place.start_up_ns = os::now_ns() - began;
    if (failure && !std::exchange(broken_, true)) {
        owner_.initializer_failed(lock, std::move(*failure));
    }
    return !broken_;
}

bool Crew::is_initializing_here() const { return initializing == this; }

bool Crew::help(Lock& lock, LocalJob& job) {
    const LocalRun* const here = executor_ != nullptr ? LocalRun::of(*this) : nullptr;
    if (here == nullptr) {
        return false;
    }
    // Others may wait for what only this seat does.
    return run_own_job(lock, static_cast<std::size_t>(here->seat().number)) ||
           (!job.for_one_seat && run_claim(lock, job, here->seat()));
}

PoolStats Crew::counts() const {
    const std::uint64_t now = os::now_ns();
    PoolStats stats;
    for (const Place& place : seats_) {
        const std::uint64_t busy = place.busy_ns + (place.since_ns != 0 ? now - place.since_ns : 0);
        const std::uint64_t known = busy + place.start_up_ns;
        WorkerStats& one = stats.workers.emplace_back();
        one.worker = static_cast<int>(stats.workers.size()) - 1;
        one.is_busy = place.since_ns != 0;
        one.items = place.items;
        one.busy = std::chrono::nanoseconds(busy);
        one.waiting = std::chrono::nanoseconds(now - born_ns_ - std::min(known, now - born_ns_));
        one.start_up = std::chrono::nanoseconds(place.start_up_ns);
    }
    stats.done = counts_.done;
    stats.failed = counts_.failed;
    stats.slowest = slowest_;
    sort_slowest(stats.slowest);
    return stats;
}

void Crew::end(bool by_plan) {
    const auto finalize = std::exchange(finalize_, nullptr);
    for (std::size_t place = 0; place < seats_.size(); ++place) {
        const AsWorker as_worker(seat(place));
        if (by_plan && finalize != nullptr) {
            run_finalizer(finalize, finalizer_);
        }
        seats_[place].locals.destroy();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
