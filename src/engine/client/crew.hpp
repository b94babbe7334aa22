#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <procpool/detail/executor.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/stats.hpp>

#include "engine/client/local_job.hpp"
#include "engine/client/local_run.hpp"
#include "engine/shared/interface.hpp"
#include "engine/shared/locals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The workers of a pool without processes: seats, each for one thread at a time, which take claims
/// of jobs. The threads are an executor's; without one there is a single seat, and whoever brings
/// items runs them there, several callers at once.
///
/// Claims are dealt out under the mutex. Of each job there are at most as many drivers as seats:
/// each runs one claim, and then waits behind those of other jobs.
class Crew {
public:
    using Lock = std::unique_lock<std::mutex>;

    /// Whoever has the crew is told, under the mutex.
    class Owner {
    public:
        virtual void claim_ended(LocalJob& job) noexcept = 0;
        /// Once, the first time: no more items run.
        virtual void initializer_failed(Lock& lock, Failure&& why) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    Crew(const EngineOptions& options, std::unique_ptr<Executor> executor, Owner& owner);
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() = default;

    [[nodiscard]] std::size_t size() const { return seats_.size(); }
    [[nodiscard]] bool has_threads() const { return executor_ != nullptr; }
    /// Never held while a task runs, or other code of the program's.
    [[nodiscard]] std::mutex& mutex() const { return mutex_; }
    /// Under the mutex something has ended that somebody may wait for.
    [[nodiscard]] std::condition_variable& changed() const { return *changed_; }
    /// Does nothing run, nor wait for a thread?
    [[nodiscard]] bool is_idle() const { return running_ == 0 && drivers_ == 0; }

    /// Runs the initializer here, where there are no threads.
    void initialize_caller();
    /// Has the items of the job run that nobody has claimed: here, or by as many drivers as can be
    /// of use. Throws std::bad_alloc if there is none.
    void run(Lock& lock, const std::shared_ptr<LocalJob>& job);
    /// Has the job, of one item, run in that seat.
    void run_in(Lock& lock, std::size_t place, const std::shared_ptr<LocalJob>& job);
    /// If this thread is in the middle of an item of this pool, which then waits for the job: runs
    /// what is for its seat alone, or a claim of the job. False if it did not.
    bool help(Lock& lock, LocalJob& job);
    /// Is this thread in the middle of an item of this pool?
    [[nodiscard]] bool is_inside() const { return LocalRun::of(*this) != nullptr; }
    /// Is this thread in the middle of an initializer of this pool?
    [[nodiscard]] bool is_initializing_here() const;
    /// Destroys what the workers have of their own; `by_plan`: after the finalizer, which runs
    /// once. Call it when nothing runs any more, without the lock.
    void end(bool by_plan);
    /// What the workers have done. Call it under the mutex. Throws std::bad_alloc.
    [[nodiscard]] PoolStats counts() const;
    /// In a forked child: the threads are the parent's, and so is whoever waits.
    void leave_to_parent();

private:
    struct Place {
        SeatLocals locals;
        std::deque<std::shared_ptr<LocalJob>> own_jobs;  // for this one alone
        bool taken = false;
        bool initialized = false;
        // Counted for stats().
        std::uint64_t items = 0;
        std::uint64_t busy_ns = 0;
        std::uint64_t start_up_ns = 0;  // of the initializer
        std::uint64_t since_ns = 0;     // of the claim that runs; 0: none
    };

    /// For one turn of one driver.
    struct Ticket {
        std::shared_ptr<LocalJob> job;  // null: for a seat's own jobs
        std::atomic<bool> is_taken{false};
    };

    [[nodiscard]] LocalSeat seat(std::size_t place);
    void run_in_caller(Lock& lock, LocalJob& job);
    [[nodiscard]] bool enqueue(Lock& lock, std::shared_ptr<LocalJob> job, std::size_t place = 0);
    void use(Ticket& ticket, std::size_t place) noexcept;
    void drive(Lock& lock, std::shared_ptr<LocalJob> job);
    void run_own_jobs_if_free(Lock& lock, std::size_t place);
    static void let_go(Lock& lock, std::shared_ptr<LocalJob> job);
    bool run_own_job(Lock& lock, std::size_t place);
    void run_own_jobs(Lock& lock, std::size_t place);
    bool run_claim(Lock& lock, LocalJob& job, const LocalSeat& seat);
    [[nodiscard]] bool initialize(Lock& lock, const LocalSeat& seat);

    Owner& owner_;
    std::unique_ptr<Executor> executor_;
    mutable std::mutex mutex_;
    std::unique_ptr<std::condition_variable> changed_;
    std::vector<Place> seats_;
    std::size_t running_ = 0;  // claims
    std::size_t drivers_ = 0;  // that run, or wait for a thread
    bool broken_ = false;      // by an initializer
    const std::uint64_t born_ns_;
    std::vector<SlowItem> slowest_;
    LocalCounts counts_;

    void (*initialize_)(std::span<const std::byte>);
    std::vector<std::byte> initializer_;
    void (*finalize_)(std::span<const std::byte>);
    std::vector<std::byte> finalizer_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
