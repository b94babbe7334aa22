#include "engine/client/client.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include <procpool/errors.hpp>

#include "engine/client/new_job.hpp"
#include "engine/client/pool_counts.hpp"
#include "engine/client/reconciliation.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/futex.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Client::Client(const EngineOptions& options)
    : region_(memory::Region::current()),
      owner_(os::process_mark()),
      memory_(region_, options, Timeline::is_wanted()),
      layout_(memory_.layout()),
      server_(layout_),
      calls_(layout_, server_, memory_.spins()),
      timeline_(layout_),
      board_(layout_, server_),
      inbox_(layout_, board_, server_, timeline_) {
    if (timeline_.is_on()) {
        board_.tell(timeline_);
    }
    try {
        server_.start(options, code_, region_.file());
        timeline_.begin(layout_.server().pid.load(std::memory_order_relaxed));
    } catch (...) {
        server_.end_workers();
        if (!server_.forget()) {
            memory_.leave();
        }
        throw;
    }
}

Client::~Client() {
    if (!belongs_to_this_process()) {
        // In a forked child the pool, its processes and its memory belong to the parent.
        server_.leave_to_parent();
        memory_.leave();
        return;
    }
    const std::scoped_lock lock(mutex_);
    try {
        end_jobs();
    } catch (const std::bad_alloc&) {
        // The workers are gone. Nobody is left who asks what became of the jobs.
    }
    server_.forget() ? memory_.give_back() : memory_.leave();
}

bool Client::belongs_to_this_process() const { return owner_ == os::process_mark(); }

JobHandle Client::start(JobSpec&& spec) {
    code_.check(spec);
    NewJob fresh(spec);

    JobHandle job;
    Lock lock(mutex_);
    state_.check_open();
    const std::size_t index = free_page(lock, fresh.positions());
    job = fresh.fill(layout_.job(index));
    board_.post(job, index);
    if (job->is_complete()) {
        board_.finish_if_complete(*job);
    } else if (!job->feed) {
        job->had_spinner = calls_.call_workers(job->count, spec.waited);
        if ((!spec.waited || job->count == 1) && !job->had_spinner) {
            job->called = Job::Called::everybody;
        }
    }
    // A caller that watches for the answer does both later, if the answer does not come at once.
    if (!spec.waited || !calls_.spins()) {
        job->nudged_ns = call_server();
    }
    return job;
}

/// Every worker is called once, when all of the jobs are there.
std::vector<JobHandle> Client::start_in_each(JobSpec& spec,
                                             std::span<const std::shared_ptr<Sink>> sinks) {
    code_.check(spec);
    std::vector<NewJob> fresh = NewJob::each(spec, sinks);
    std::vector<JobHandle> jobs;
    jobs.reserve(sinks.size());

    Lock lock(mutex_);
    state_.check_open();
    const auto call_all = [&] { calls_.call_workers(layout_.pool().workers, false); };
    try {
        for (NewJob& one : fresh) {
            std::optional<std::size_t> page = board_.free_page(1);
            if (!page) {
                call_all();  // those that are there free one
                page = free_page(lock, 1);
            }
            JobPage& at = layout_.job(*page);
            JobHandle& job = jobs.emplace_back(one.fill(at));
            at.terms.only_worker = static_cast<int>(jobs.size()) - 1;
            job->called = Job::Called::everybody;
            board_.post(job, *page);
        }
    } catch (...) {
        call_all();
        throw;
    }
    call_all();
    const std::uint64_t now = call_server();
    for (const JobHandle& job : jobs) {
        job->nudged_ns = now;
    }
    return jobs;
}

/// There is work that takes time. Returns the time.
std::uint64_t Client::call_server() {
    server_.call();
    const std::uint64_t now = os::now_ns();
    if (look_at_server_seldom(now)) {
        state_.check_open();
    }
    return now;
}

/// Not at every call of many. True if it did.
bool Client::look_at_server_seldom(std::uint64_t now) {
    if (now - looked_at_server_ns_ <= server_look_interval) {
        return false;
    }
    looked_at_server_ns_ = now;
    look_at_server();
    return true;
}

/// Waits while all are taken.
std::size_t Client::free_page(Lock& lock, std::uint64_t positions) {
    for (;;) {
        if (const auto page = board_.free_page(positions)) {
            return *page;
        }
        await(lock, board_.any_job(), ~std::uint64_t{0},
              Clock::now() + std::chrono::milliseconds(10), For::page);
        state_.check_open();
    }
}

/// Takes in what has arrived, and reconciles if a task wrote where it should not.
void Client::collect() {
    inbox_.collect();
    timeline_.collect();
    if (!state_.is_over()) {
        const bool in_rings = inbox_.take_damage();
        if (board_.take_damage() || in_rings) {
            Reconciliation(layout_, board_, inbox_, server_, calls_).run();
        }
    }
}

std::optional<std::size_t> Client::feed(const JobHandle& handle, std::span<const ItemEntry> items) {
    Job& job = *handle;
    Lock lock(mutex_);
    const std::uint64_t now = os::now_ns();
    if (look_at_server_seldom(now)) {
        server_.call();
    }
    state_.check_feeds();
    collect();
    board_.close_if_a_worker_did(job);
    const auto fed = job.open ? std::optional(board_.put_up(job, items)) : std::nullopt;
    if (fed.value_or(0) != 0) {
        calls_.call_workers_of_fed(job, *fed, now);
    }
    job.receiver.tell(lock);
    return fed;
}

void Client::forget(const JobHandle& job) {
    std::shared_ptr<Sink> sink;
    Lock lock(mutex_);
    sink = job->receiver.forget(lock);
}

std::uint64_t Client::arrivals(const JobHandle& job) {
    Lock lock(mutex_);
    look_at_server();
    collect();
    job->receiver.tell(lock);
    return job->told();
}

bool Client::resolved(const JobHandle& job) {
    Lock lock(mutex_);
    const std::uint64_t now = os::now_ns();
    look_at_server_seldom(now);
    collect();
    if (!job->resolved && now - job->nudged_ns > slice) {
        // A program may poll for ever instead of waiting.
        job->nudged_ns = now;
        calls_.escalate(*job);
        layout_.tokens().forget_all();
    }
    return job->receiver.tell(lock) && job->resolved;
}

/// Takes in what has arrived. True if a wait for the job, or for more than `seen` of its items, is
/// over.
bool Client::is_over(Job& job, std::uint64_t seen, For what) {
    collect();
    board_.close_if_a_worker_did(job);
    return job.resolved || (what == For::sink && (job.told() > seen || job.is_certain()));
}

bool Client::wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) {
    Lock lock(mutex_);
    return await(lock, job, seen, deadline, For::sink);
}

/// Spins only where the answer is microseconds away, then parks on the job's bell, in slices.
bool Client::await(Lock& lock, const JobHandle& job, std::uint64_t seen, Clock::time_point deadline,
                   For what) {
    const auto is_untold = [&] { return what == For::sink && job->receiver.untold() != 0; };
    int watches = calls_.spins() && job->is_watched() ? most_watches : 0;
    std::uint64_t watch_until = 0;
    for (;;) {
        if (is_untold()) [[unlikely]] {
            if (!job->receiver.tell(lock, deadline)) {
                return false;
            }
        }
        if (job->resolved) {
            return true;
        }
        const std::size_t index = job->postings.back().page;
        const os::FutexWord& bell = layout_.words(index).bell;
        const std::uint32_t heard = bell.load(std::memory_order_seq_cst);
        const bool over = is_over(*job, seen, what);
        if (is_untold()) {
            continue;
        }
        if (over) {
            return true;
        }
        if (server_.says_broken()) {
            look_at_server();
            continue;
        }
        std::uint64_t time = job->called == Job::Called::everybody ? slice : first_park;
        if (deadline != Clock::time_point::max()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now())
                    .count();
            if (left <= 0) {
                look_at_server();  // the program may make short waits only
                return (!is_untold() || job->receiver.tell(lock)) && job->resolved;
            }
            time = std::min(time, static_cast<std::uint64_t>(left));
        }
        if (watches > 0) {
            lock.unlock();
            if (watches == most_watches) {
                inbox_.fetch_code();
            }
            const bool rung = calls_.watch(bell, heard, job->had_spinner, watch_until);
            lock.lock();
            watches = rung ? watches - 1 : 0;
            if (job->feed) {
                job->note_watch(rung);
            }
            if (watches == 0) {
                look_at_server();
                if (!job->resolved) {
                    calls_.escalate(*job);
                }
            }
            continue;
        }
        park(lock, *job, index, heard, time);
    }
}

/// Blocks until the bell of the page was rung since `heard`, or `time` has passed.
void Client::park(Lock& lock, Job& job, std::size_t index, std::uint32_t heard,
                  std::uint64_t time) {
    JobPage& page = layout_.job(index);
    page.waiters.fetch_add(1, std::memory_order_seq_cst);
    lock.unlock();
    const std::uint64_t before = os::now_ns();
    os::futex_wait(layout_.words(index).bell, heard, time);
    const std::uint64_t after = os::now_ns();
    const bool quiet = after - before >= time;
    lock.lock();
    if (timeline_.is_on()) [[unlikely]] {
        timeline_.waited(before, after);
    }
    // The page may belong to another job by now; until here its bell was rung for this thread too.
    page.waiters.fetch_sub(1, std::memory_order_seq_cst);
    if (!job.resolved && (quiet || Calls::may_escalate(job))) {
        calls_.escalate(job);
    }
    if (quiet && time >= slice) {
        layout_.tokens().forget_all();
        look_at_server();
    }
}

void Client::join() {
    Lock lock(mutex_);
    if (state_.is == PoolState::open) {
        throw std::logic_error(
            "procpool: join() before close() or terminate() would wait for ever: call close() "
            "first");
    }
    state_.is_joined = true;
    board_.end_feeds();
    while (board_.unresolved() != 0 && state_.is == PoolState::closed) {
        await(lock, board_.any_job(), ~std::uint64_t{0}, Clock::time_point::max(), For::page);
    }
    if (state_.is == PoolState::closed) {
        server_.let_workers_finish(lock, [&] { return state_.is != PoolState::closed; });
    }
    server_.end_workers();
    timeline_.finish();
    server_.forget();
    if (state_.is == PoolState::closed) {
        state_.is = PoolState::ended;
    }
}

void Client::terminate() {
    const std::scoped_lock lock(mutex_);
    end_jobs();
    server_.forget();
}

/// Ends the workers, and resolves every job.
void Client::end_jobs() {
    if (!state_.is_over()) {
        state_.is = PoolState::terminated;
    }
    server_.end_workers();
    timeline_.finish();
    collect();  // what had finished before is not lost
    give_up_jobs();
}

/// If the fork server died or gave up, the pool is broken: what its workers had not published is
/// lost.
void Client::look_at_server() {
    if (state_.is_over()) {
        give_up_jobs();
        return;
    }
    if (!server_.exists() || (!server_.says_broken() && !server_.has_ended())) {
        return;
    }
    inbox_.collect();  // where there is no memory for that, this is done again
    state_.is = PoolState::broken;
    server_.clear_up();
    state_.broken_as = server_.account(inbox_.initializer_failure());
    give_up_jobs();
}

/// Resolves the jobs of a pool that is over. Where there is no memory for that it throws
/// std::bad_alloc, and whoever waits for one of the others comes here again.
void Client::give_up_jobs() {
    if (board_.unresolved() != 0) {
        board_.give_up_all(state_.is == PoolState::broken
                               ? state_.broken_as
                               : Failure{.kind = Failure::Kind::terminated});
    }
}

PoolStats Client::stats(bool with_memory) const {
    Lock lock(mutex_);
    PoolStats stats = counts_of(layout_, server_, board_, inbox_);
    lock.unlock();
    if (with_memory) {
        look_up_memory(stats.workers);
    }
    return stats;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
