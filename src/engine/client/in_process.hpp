#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <procpool/detail/executor.hpp>
#include <procpool/detail/namespace.hpp>

#include "engine/client/backend.hpp"
#include "engine/client/crew.hpp"
#include "engine/client/local_job.hpp"
#include "engine/client/pool_state.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A pool without processes: its items run on the threads of an executor, or, for a debugger, in
/// the thread that brings them, before that call returns. Nothing is isolated: an item ends by
/// itself only, and so does its job, whatever stops it.
class InProcess final : public Backend, private Crew::Owner {
public:
    /// Without an executor: in the caller, with one seat, which all callers share.
    explicit InProcess(const EngineOptions& options, std::unique_ptr<Executor> executor = nullptr);
    InProcess(const InProcess&) = delete;
    InProcess& operator=(const InProcess&) = delete;
    /// Waits for what runs.
    ~InProcess() override;

    JobHandle start(JobSpec&& spec) override;
    std::vector<JobHandle> start_in_each(JobSpec& spec,
                                         std::span<const std::shared_ptr<Sink>> sinks) override;
    bool wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) override;
    std::uint64_t arrivals(const JobHandle& job) override;
    bool resolved(const JobHandle& job) override;
    std::optional<std::size_t> feed(const JobHandle& job,
                                    std::span<const ItemEntry> items) override;
    void end_feed(const JobHandle& job) override;
    std::optional<std::size_t> listen(const JobHandle& job) override;
    void unlisten(std::size_t listening) override;
    void cancel(const JobHandle& job, std::chrono::nanoseconds grace) override;
    void abandon(const JobHandle& job) override;
    void forget(const JobHandle& job) override;
    void close() override;
    void join() override;
    void terminate() override;
    [[nodiscard]] int processes() const override { return static_cast<int>(crew_.size()); }
    [[nodiscard]] std::vector<pid_t> worker_pids() const override { return {}; }
    [[nodiscard]] PoolStats stats(bool with_memory) const override;
    [[nodiscard]] bool belongs_to_this_process() const override;

private:
    using Lock = Crew::Lock;
    using LocalJobHandle = std::shared_ptr<LocalJob>;

    LocalJobHandle make(JobSpec&& spec);
    void note(const LocalJobHandle& job);
    template <class Locked, class Unlocked>
    void for_each_job(Lock& lock, Locked locked, Unlocked unlocked) noexcept;
    void claim_ended(LocalJob& job) noexcept override;
    void initializer_failed(Lock& lock, Failure&& why) noexcept override;
    void close_jobs(Lock& lock) noexcept;
    [[nodiscard]] Failure why_dropped(const LocalJob& job) const;
    void finish_if_over(LocalJob& job);

    const std::uint64_t owner_;
    std::size_t listeners_ = 0;  // waits for any of several jobs
    std::vector<std::weak_ptr<LocalJob>> jobs_;
    std::size_t prune_at_ = 16;  // so many of jobs_
    // Counted for stats().
    std::uint64_t calls_ = 0;      // so far
    std::uint64_t under_way_ = 0;  // of them
    std::uint64_t items_ = 0;      // of those under way
    std::uint64_t finished_ = 0;   // items of the others that gave a result, or failed
    PoolState state_;
    bool ending_ = false;  // somebody joins, and nothing runs any more
    bool ended_ = false;
    Crew crew_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
