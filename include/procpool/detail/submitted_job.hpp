#pragma once

#include <chrono>
#include <memory>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// A job that was started and may still run, with the sink that collects what comes of it: all of
/// an AsyncResult but its type. Whatever is asked of one that was moved from throws
/// std::logic_error.
class SubmittedJob {
public:
    /// Starts the job. What the spec owns is moved out of it.
    SubmittedJob(std::shared_ptr<Engine> engine, JobSpec& spec, std::shared_ptr<AnyCollector> sink);
    SubmittedJob(SubmittedJob&&) noexcept;
    SubmittedJob& operator=(SubmittedJob&&) noexcept;
    SubmittedJob(const SubmittedJob&) = delete;
    SubmittedJob& operator=(const SubmittedJob&) = delete;
    ~SubmittedJob();

    void wait();
    /// True if it is resolved.
    [[nodiscard]] bool wait(std::chrono::nanoseconds timeout);
    /// Throws TimeoutError if it is not.
    void wait_or_throw(std::chrono::nanoseconds timeout);
    [[nodiscard]] bool is_resolved();
    [[nodiscard]] bool is_successful();
    bool cancel();

    /// Of a job that is resolved. Throws std::logic_error the second time.
    [[nodiscard]] AnyCollector& sink_to_take();

private:
    [[nodiscard]] Engine& engine() const;
    void let_go() noexcept;

    std::shared_ptr<Engine> engine_;
    JobHandle job_;
    std::shared_ptr<AnyCollector> sink_;
    bool taken_ = false;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
