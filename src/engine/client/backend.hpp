#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>
#include <procpool/stats.hpp>

#include "engine/shared/interface.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The implementation of an Engine, which documents these calls.
class Backend {
public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;

    virtual JobHandle start(JobSpec&& spec) = 0;
    virtual std::vector<JobHandle> start_in_each(JobSpec& spec,
                                                 std::span<const std::shared_ptr<Sink>> sinks) = 0;
    /// Waits until the job is resolved (true), or more than `seen` of its items are done (true), or
    /// the deadline (false).
    virtual bool wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) = 0;
    virtual std::uint64_t arrivals(const JobHandle& job) = 0;
    virtual bool resolved(const JobHandle& job) = 0;
    virtual std::optional<std::size_t> feed(const JobHandle& job,
                                            std::span<const ItemEntry> items) = 0;
    virtual void end_feed(const JobHandle& job) = 0;
    virtual std::optional<std::size_t> listen(const JobHandle& job) = 0;
    virtual void unlisten(std::size_t listening) = 0;
    virtual void cancel(const JobHandle& job, std::chrono::nanoseconds grace) = 0;
    virtual void abandon(const JobHandle& job) = 0;
    virtual void forget(const JobHandle& job) = 0;
    virtual void close() = 0;
    virtual void join() = 0;
    virtual void terminate() = 0;
    [[nodiscard]] virtual int processes() const = 0;
    [[nodiscard]] virtual std::vector<pid_t> worker_pids() const = 0;
    [[nodiscard]] virtual PoolStats stats(bool with_memory) const = 0;
    [[nodiscard]] virtual bool belongs_to_this_process() const = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
