#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/backend.hpp"
#include "engine/job.hpp"

namespace procpool::detail {

/// The task that this thread runs for a pool without processes; that of nobody if it runs none.
[[nodiscard]] CurrentTask task_in_caller() noexcept;

/// A pool without processes, for a debugger: every item runs in the thread that brings it, before
/// its call returns. Nothing is isolated; timeouts, retries and limits have no effect.
class InCaller final : public Backend {
public:
    explicit InCaller(const EngineOptions& options);

    JobHandle start(JobSpec spec) override;
    bool wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) override;
    std::uint64_t arrivals(const JobHandle& job) override;
    bool resolved(const JobHandle& job) override;
    bool feed(const JobHandle& job, std::span<const std::byte> item) override;
    void end_feed(const JobHandle& job) override;
    void cancel(const JobHandle& job) override;
    void abandon(const JobHandle& job) override;
    void close() override;
    void join() override;
    void terminate() override;
    [[nodiscard]] int processes() const override { return 1; }
    [[nodiscard]] std::vector<pid_t> worker_pids() const override { return {}; }
    [[nodiscard]] bool belongs_to_this_process() const override;

private:
    enum class State { open, closed, terminated };

    void check_open() const;

    const std::uint64_t owner_;
    std::mutex mutex_;  // held while a sink is called, never while a task runs
    State state_ = State::open;
    std::optional<Failure> initializer_failure_;
};

}  // namespace procpool::detail
