#pragma once

#include <chrono>
#include <memory>

#include <procpool/detail/callbacks.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/progress.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The time so long from now; the end of time if that lies behind it. Not before now.
[[nodiscard]] Clock::time_point deadline_after(std::chrono::nanoseconds timeout);

class StopLink;

/// A job that was started and may still run, with the sink that collects what comes of it: all of
/// an AsyncResult but its type. Whatever is asked of one that was moved from throws
/// std::logic_error.
class SubmittedJob {
public:
    /// Starts the job. What the spec owns is moved out of it.
    SubmittedJob(std::shared_ptr<Engine> engine, JobSpec& spec, std::shared_ptr<AnyCollector> sink,
                 const Progress& progress);
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
    bool cancel(std::chrono::nanoseconds grace);

    /// Throws std::logic_error if its sink was taken, before a wait for it.
    void check_not_taken() const;
    /// Of a job that is resolved. Throws std::logic_error the second time, and after then().
    [[nodiscard]] AnyCollector& sink_to_take();

    /// Has the callback called with the sink, once the job is resolved, on the thread of callbacks.
    /// Throws std::logic_error if its sink was taken, std::system_error if there is no thread.
    void then(std::unique_ptr<Callback> callback);

    /// Throws std::logic_error if it was moved from.
    [[nodiscard]] EngineJob job() const { return {&engine(), job_}; }

private:
    [[nodiscard]] Engine& engine() const;
    void let_go() noexcept;

    std::shared_ptr<Engine> engine_;
    JobHandle job_;
    std::shared_ptr<StopLink> stop_;
    std::shared_ptr<AnyCollector> sink_;
    std::unique_ptr<ProgressBar> bar_;
    std::shared_ptr<JournalCall> journal_;
    std::chrono::nanoseconds grace_{0};  // of a job with a journal
    bool taken_ = false;
    bool handed_over_ = false;  // to a callback: the sink is told for it
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
