#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/client/backend.hpp"
#include "engine/client/calls.hpp"
#include "engine/client/fork_server.hpp"
#include "engine/client/inbox.hpp"
#include "engine/client/job.hpp"
#include "engine/client/job_board.hpp"
#include "engine/client/pool_memory.hpp"
#include "engine/client/pool_state.hpp"
#include "engine/client/timeline.hpp"
#include "engine/client/worker_code.hpp"
#include "engine/shared/layout.hpp"
#include "memory/region.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The client's half of a pool. Its state is guarded by `mutex_`, which no other process knows. No
/// code of the program's runs while it is locked. As in Worker, functions that every call needs are
/// `hot`.
class Client final : public Backend {
public:
    explicit Client(const EngineOptions& options);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() override;

    [[gnu::hot]] JobHandle start(JobSpec&& spec) override;
    std::vector<JobHandle> start_in_each(JobSpec& spec,
                                         std::span<const std::shared_ptr<Sink>> sinks) override;
    [[gnu::hot]] bool wait(const JobHandle& job, std::uint64_t seen,
                           Clock::time_point deadline) override;
    std::uint64_t arrivals(const JobHandle& job) override;
    bool resolved(const JobHandle& job) override;
    std::optional<std::size_t> feed(const JobHandle& job,
                                    std::span<const ItemEntry> items) override;
    void end_feed(const JobHandle& job) override {
        const std::scoped_lock lock(mutex_);
        job->open = false;
        board_.finish_if_complete(*job);
    }
    std::optional<std::size_t> listen(const JobHandle& job) override {
        const std::scoped_lock lock(mutex_);
        return job->resolved ? std::nullopt : std::optional(board_.add_waiter_for_any(*job));
    }
    void unlisten(std::size_t page) override { board_.remove_waiter_for_any(page); }
    void cancel(const JobHandle& job, std::chrono::nanoseconds grace) override {
        const std::scoped_lock lock(mutex_);
        board_.stop(*job, static_cast<std::uint64_t>(grace.count()));
    }
    void abandon(const JobHandle& job) override {
        forget(job);
        const std::scoped_lock lock(mutex_);
        board_.close(*job, true);
    }
    void forget(const JobHandle& job) override;
    void close() override {
        const std::scoped_lock lock(mutex_);
        state_.is = state_.is == PoolState::open ? PoolState::closed : state_.is;
    }
    void join() override;
    void terminate() override;
    [[nodiscard]] int processes() const override { return layout_.workers(); }
    [[nodiscard]] std::vector<pid_t> worker_pids() const override {
        const std::scoped_lock lock(mutex_);
        return server_.worker_pids();
    }
    [[nodiscard]] PoolStats stats(bool with_memory) const override;
    [[gnu::hot]] [[nodiscard]] bool belongs_to_this_process() const override;

private:
    using Lock = std::unique_lock<std::mutex>;

    [[gnu::hot]] std::size_t free_page(Lock& lock, std::uint64_t positions);
    [[gnu::hot]] void collect();
    std::uint64_t call_server();
    void end_jobs();
    void look_at_server();
    void give_up_jobs();
    bool look_at_server_seldom(std::uint64_t now);

    /// Who waits for a job: whoever wants its answer, and tells its sink; or any thread, until its
    /// page is free.
    enum class For : bool { sink, page };
    [[gnu::hot]] bool await(Lock& lock, const JobHandle& job, std::uint64_t seen,
                            Clock::time_point deadline, For what);
    [[gnu::hot]] bool is_over(Job& job, std::uint64_t seen, For what);
    void park(Lock& lock, Job& job, std::size_t page, std::uint32_t heard, std::uint64_t time);

    memory::Region& region_;
    const std::uint64_t owner_;
    PoolMemory memory_;
    const Layout& layout_;
    WorkerCode code_;
    ForkServer server_;
    Calls calls_;
    Timeline timeline_;

    mutable std::mutex mutex_;
    PoolState state_;
    JobBoard board_;
    Inbox inbox_;
    std::uint64_t looked_at_server_ns_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
