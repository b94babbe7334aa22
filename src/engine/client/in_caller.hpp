#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/backend.hpp"
#include "engine/client/job.hpp"
#include "engine/client/pool_state.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

class CallerJob;

/// A pool without processes, for a debugger: every item runs in the thread that brings it, before
/// that call returns. Nothing is isolated; timeouts, retries and limits have no effect. An item
/// that runs when the pool is terminated runs to its end, and its result is dropped.
class InCaller final : public Backend {
public:
    explicit InCaller(const EngineOptions& options);

    JobHandle start(JobSpec&& spec) override;
    std::vector<JobHandle> start_in_each(JobSpec& spec,
                                         std::span<const std::shared_ptr<Sink>> sinks) override;
    bool wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) override;
    std::uint64_t arrivals(const JobHandle& job) override;
    bool resolved(const JobHandle& job) override;
    std::optional<std::size_t> feed(const JobHandle& job,
                                    std::span<const ItemEntry> items) override;
    void end_feed(const JobHandle& job) override;
    /// Only a call of start() brings more.
    std::optional<std::size_t> listen(const JobHandle& /*job*/) override { return std::nullopt; }
    void unlisten(std::size_t /*listening*/) override {}
    void cancel(const JobHandle& job, std::chrono::nanoseconds /*grace*/) override {
        end_feed(job);
    }
    void abandon(const JobHandle& job) override;
    void forget(const JobHandle& job) override;
    void close() override;
    void join() override;
    void terminate() override;
    /// 1, whatever was asked for: the items of a call run one after the other.
    [[nodiscard]] int processes() const override { return 1; }
    [[nodiscard]] std::vector<pid_t> worker_pids() const override { return {}; }
    [[nodiscard]] bool belongs_to_this_process() const override;

private:
    friend class CallerRun;

    void run(const std::shared_ptr<CallerJob>& job, std::uint64_t first, std::uint64_t last);

    const std::uint64_t owner_;
    std::mutex mutex_;  // never held while a task runs, or other code of the program's
    std::condition_variable idle_;
    std::size_t running_ = 0;  // calls that run items at the moment
    std::vector<std::weak_ptr<CallerJob>> jobs_;
    PoolState state_;
    // Run once, when a closed pool is joined.
    void (*finalize_)(std::span<const std::byte>) = nullptr;
    std::vector<std::byte> finalizer_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
