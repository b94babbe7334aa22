#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE

class Pool;

/// What a submitted task will come to. Movable. get() may be called once, everything else often.
///
/// Its destructor does not wait, and the task runs on without it. When the pool is terminated or
/// destroyed first, it resolves with PoolTerminated. Several threads may wait for different results
/// of one pool; one result is used by one thread at a time.
template <class R>
class AsyncResult {
public:
    AsyncResult(AsyncResult&&) noexcept = default;
    AsyncResult& operator=(AsyncResult&&) noexcept = default;
    AsyncResult(const AsyncResult&) = delete;
    AsyncResult& operator=(const AsyncResult&) = delete;
    ~AsyncResult() = default;

    /// Waits for the result and takes it. Throws what the task threw; WorkerDied, TaskTimeout,
    /// PoolTerminated, PoolBroken; std::logic_error the second time.
    R get() {
        wait();
        return take();
    }

    /// As get(), but throws TimeoutError when there is no result after `timeout`. The task still
    /// runs: call it again. A timeout of 0 only looks.
    R get(std::chrono::nanoseconds timeout) {
        if (!wait(timeout)) {
            throw TimeoutError(
                "procpool: no result yet: the task runs, or waits for a worker that is free and "
                "initialized; call get() again, or give the task a timeout with TaskOptions");
        }
        return take();
    }

    /// Waits until there is a result or an error.
    void wait() { engine().wait(job_, detail::Clock::time_point::max()); }

    /// Waits at most `timeout`. True if there is a result or an error.
    [[nodiscard]] bool wait(std::chrono::nanoseconds timeout) {
        const auto now = detail::Clock::now();
        const auto longest = detail::Clock::time_point::max() - now;
        if (timeout < std::chrono::nanoseconds(0)) {
            timeout = std::chrono::nanoseconds(0);
        }
        return engine().wait(job_,
                             timeout < longest ? now + timeout : detail::Clock::time_point::max());
    }

    /// True if get() would not wait. Does not block.
    [[nodiscard]] bool ready() { return engine().resolved(job_); }

    /// True if get() gives a value, or gave one, and does not throw. Throws std::logic_error before
    /// it is ready().
    [[nodiscard]] bool successful() {
        if (!ready()) {
            throw std::logic_error("procpool: AsyncResult::successful() before there is a result");
        }
        return !sink_->has_failed();
    }

    /// Cancels what has not started, which then resolves as TaskCancelled. Does not wait and does
    /// not interrupt what runs. True if there is no result yet: it may still come.
    bool cancel() {
        if (ready()) {
            return false;
        }
        engine().cancel(job_);
        return true;
    }

private:
    friend class Pool;

    AsyncResult(std::shared_ptr<detail::Engine> engine, detail::JobHandle job,
                std::shared_ptr<detail::Collector<R>> sink)
        : engine_(std::move(engine)), job_(std::move(job)), sink_(std::move(sink)) {}

    detail::Engine& engine() const {
        if (!engine_) {
            throw std::logic_error("procpool: this AsyncResult was moved from");
        }
        return *engine_;
    }

    R take() {
        if (std::exchange(taken_, true)) {
            throw std::logic_error("procpool: AsyncResult::get() may be called once");
        }
        return sink_->take();
    }

    std::shared_ptr<detail::Engine> engine_;
    detail::JobHandle job_;
    std::shared_ptr<detail::Collector<R>> sink_;
    bool taken_ = false;
};

PROCPOOL_END_NAMESPACE
