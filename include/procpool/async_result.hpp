#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/submitted_job.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// What a submitted task will come to. Movable. get() may be called once, everything else often.
///
/// Its destructor does not wait, and the task runs on without it. When the pool is terminated or
/// destroyed first, it resolves with PoolTerminated. Several threads may wait for different results
/// of one pool; one result is used by one thread at a time.
template <class R>
class AsyncResult {
public:
    /// Only made by the pool.
    AsyncResult(const std::shared_ptr<detail::Engine>& engine, detail::JobSpec& spec,
                std::shared_ptr<detail::Collector<R>> sink)
        : job_(engine, spec, std::move(sink)) {}
    AsyncResult(AsyncResult&&) noexcept = default;
    AsyncResult& operator=(AsyncResult&&) noexcept = default;
    AsyncResult(const AsyncResult&) = delete;
    AsyncResult& operator=(const AsyncResult&) = delete;
    ~AsyncResult() = default;

    /// Waits for the result and takes it. Throws what the task threw; WorkerDied, TaskTimeout,
    /// PoolTerminated, PoolBroken; std::logic_error the second time.
    R get() {
        job_.wait();
        return take();
    }

    /// As get(), but throws TimeoutError when there is no result after `timeout`. The task still
    /// runs: call it again. A timeout of 0 only looks.
    R get(std::chrono::nanoseconds timeout) {
        job_.wait_or_throw(timeout);
        return take();
    }

    /// Waits until there is a result or an error.
    void wait() { job_.wait(); }

    /// Waits at most `timeout`. True if there is a result or an error.
    [[nodiscard]] bool wait(std::chrono::nanoseconds timeout) { return job_.wait(timeout); }

    /// True if get() would not wait. Does not block.
    [[nodiscard]] bool ready() { return job_.is_resolved(); }

    /// True if get() gives a value, or gave one, and does not throw. Throws std::logic_error before
    /// it is ready().
    [[nodiscard]] bool successful() { return job_.is_successful(); }

    /// Cancels what has not started, which then resolves as TaskCancelled. Does not wait and does
    /// not interrupt what runs. True if there is no result yet: it may still come.
    bool cancel() { return job_.cancel(); }

private:
    R take() { return static_cast<detail::Collector<R>&>(job_.sink_to_take()).take(); }

    detail::SubmittedJob job_;
};

PROCPOOL_END_NAMESPACE
