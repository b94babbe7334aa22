#pragma once

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/submitted_job.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {

/// What a collector has collected, once its job is resolved.
template <class R>
Outcome<R> outcome_of(Collector<R>& sink) {
    Outcome<R> outcome(Pending{});
    if (const Failure* failure = sink.failure()) {
        set_failure(outcome, *failure);
        return outcome;
    }
    if constexpr (std::is_void_v<R>) {
        sink.take();
        outcome_state(outcome).template emplace<1>();
    } else {
        outcome_state(outcome).template emplace<1>(sink.take());
    }
    OutcomeState::note(outcome, 0, sink.account());
    return outcome;
}

/// Calls f with the outcome.
template <class R, class F>
class OutcomeCallback final : public Callback {
public:
    explicit OutcomeCallback(F&& f) : f_(std::move(f)) {}
    explicit OutcomeCallback(const F& f) : f_(f) {}

    void call(AnyCollector& sink) override { f_(outcome_of(static_cast<Collector<R>&>(sink))); }

private:
    F f_;
};

struct Results;

}  // namespace detail

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
                std::shared_ptr<detail::Collector<R>> sink, const Progress& progress = {})
        : job_(engine, spec, std::move(sink), progress) {}
    AsyncResult(AsyncResult&&) noexcept = default;
    AsyncResult& operator=(AsyncResult&&) noexcept = default;
    AsyncResult(const AsyncResult&) = delete;
    AsyncResult& operator=(const AsyncResult&) = delete;
    ~AsyncResult() = default;

    /// Waits for the result and takes it. Throws what the task threw; WorkerDied, TaskTimeout,
    /// PoolTerminated, PoolBroken; std::logic_error the second time.
    R get() {
        job_.check_not_taken();
        job_.wait();
        return take();
    }

    /// As get(), but throws TimeoutError when there is no result after `timeout`. The task still
    /// runs: call it again. A timeout of 0 only looks.
    R get(std::chrono::nanoseconds timeout) {
        job_.check_not_taken();
        job_.wait_or_throw(timeout);
        return take();
    }

    /// Waits for the result and takes it, as get(), or the error: throws for no task, but
    /// std::logic_error the second time.
    [[nodiscard]] Outcome<R> outcome() {
        job_.check_not_taken();
        job_.wait();
        return detail::outcome_of(collector());
    }

    /// Has f(Outcome<R>) called with the result, or the error, as soon as it is there: exactly
    /// once, whatever comes of the task and its pool, and whether or not this object lives on.
    /// Takes the result, as get(). Does not wait.
    ///
    /// All callbacks of a program are called one after the other, by a thread that the first then()
    /// starts; it handles no signals. What one throws is reported on stderr. It may use pools and
    /// results, but one that blocks keeps the others waiting. When the program ends, those whose
    /// result is there are still called. Make pools that fork (Start::fork) before the first
    /// then().
    ///
    /// Throws std::logic_error if the result was taken, or in a forked child, std::system_error if
    /// the thread cannot be started, std::bad_alloc; then the result can be taken otherwise, but
    /// `f` may have been moved from.
    template <class F>
    requires std::is_invocable_v<std::decay_t<F>&, Outcome<R>>
    void then(F&& f) {
        job_.then(
            std::make_unique<detail::OutcomeCallback<R, std::decay_t<F>>>(std::forward<F>(f)));
    }

    /// Waits until there is a result or an error. A progress bar of map_async shows meanwhile.
    void wait() { job_.wait(); }

    /// Waits at most `timeout`. True if there is a result or an error.
    [[nodiscard]] bool wait(std::chrono::nanoseconds timeout) { return job_.wait(timeout); }

    /// True if get() would not wait. Does not block.
    [[nodiscard]] bool ready() { return job_.is_resolved(); }

    /// True if get() gives a value, or gave one, and does not throw. Throws std::logic_error before
    /// it is ready().
    [[nodiscard]] bool successful() { return job_.is_successful(); }

    /// What has not started never will, and what runs is stopped: this_task::stop_token() is
    /// requested at once, and what has not ended after `grace` is killed, with all that it started;
    /// its worker is replaced. Does not wait. Both resolve as TaskCancelled, what has finished or
    /// finishes within `grace` as what it is: so get() may still give a result. False if there is
    /// one already: too late. Throws std::invalid_argument if `grace` is negative.
    bool cancel(std::chrono::nanoseconds grace = std::chrono::nanoseconds{0}) {
        return job_.cancel(grace);
    }

private:
    friend detail::Results;

    detail::Collector<R>& collector() {
        return static_cast<detail::Collector<R>&>(job_.sink_to_take());
    }
    R take() { return collector().take(); }

    detail::SubmittedJob job_;
};

PROCPOOL_END_NAMESPACE
