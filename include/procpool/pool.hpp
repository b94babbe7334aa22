#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <procpool/async_result.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/errors.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE

template <class T>
class shared_vector;

/// A pool of worker processes.
///
///     mp::Pool pool{8};
///     std::vector<double> squares = pool.map([](double x) { return x * x; }, data);
///
/// **What is called.** The callable travels to workers that exist already: functions, member
/// pointers, lambdas and functors that are trivially copyable, functors that travel as values do,
/// bind_front/bind_back. It is invoked
/// as const, each item as a T&& that the worker owns. A lambda that captures by reference, or a
/// pointer into this process, is refused with NotShippable at the call.
///
/// **What is passed.** Items, arguments and results: plain values and aggregates, the standard
/// containers and value types, classes with a serialize(archive) member; they may be of types that
/// only move. docs/shipping.md has the list. Results decay; `void` and `bool` work. A range is
/// anything `for` accepts; it is read to its end, once, before the work starts, and what it throws
/// the call throws.
///
/// **What goes wrong.** An error costs one item. Calls that return values wait for every item and
/// then throw the error of the lowest index: what the task threw, as its own standard type and as
/// TaskFailure; WorkerDied, TaskTimeout, RemoteError. All calls throw std::invalid_argument for
/// options out of range, PoolClosed after close(), PoolTerminated and PoolBroken when that befalls
/// the pool, std::bad_alloc, and std::logic_error in a forked child, where only the destructor is
/// allowed and does nothing.
///
/// Any thread may call it, several at once; their jobs share the workers fairly. Calls block until
/// their work is done unless they say otherwise. Movable; moving is not thread-safe.
class Pool {
public:
    /// Starts the workers and returns when all are forked. Throws std::invalid_argument,
    /// std::system_error when the processes cannot be started.
    explicit Pool(int processes) : Pool(PoolOptions{.processes = processes}) {}
    explicit Pool(const PoolOptions& options = {}) {
        const int processes = detail::checked_processes(options.processes);
        detail::check_max_tasks_per_child(options.max_tasks_per_child);
        detail::check_memory_limit(options.memory_limit);
        detail::check_start(options.start);
        detail::EngineOptions engine;
        engine.processes = processes;
        engine.start = options.start;
        engine.initialize = options.initializer.run();
        engine.initializer = options.initializer.closure();
        engine.initializer_code = options.initializer.code();
        engine.max_tasks_per_child = options.max_tasks_per_child;
        engine.memory_limit = options.memory_limit;
        engine.pin = options.pin;
        engine_ = std::make_shared<detail::Engine>(engine);
    }

    Pool(Pool&&) noexcept = default;
    Pool& operator=(Pool&& other) noexcept {
        Pool(std::move(other)).engine_.swap(engine_);
        return *this;
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Terminates: what is pending resolves with PoolTerminated. To drain: close(), join().
    ~Pool() {
        try {
            if (engine_) {
                engine_->terminate();
            }
        } catch (...) {
            // In a forked child the pool is the parent's.
        }
    }

    /// f of every item, in their order: std::vector<R>, or void if f returns nothing.
    template <class F, class Range>
    auto map(F&& f, Range&& range, const MapOptions& options = {}) {
        return map_as<detail::WholeItem>(f, range, options);
    }

    /// As map, for items that are tuples, pairs or arrays: f(first, second, ...).
    template <class F, class Range>
    auto starmap(F&& f, Range&& range, const MapOptions& options = {}) {
        return map_as<detail::SpreadItem>(f, range, options);
    }

    /// As map; what f returns is dropped in the worker.
    template <class F, class Range>
    void for_each(F&& f, Range&& range, const MapOptions& options = {}) {
        using Call = CallOver<detail::WholeItem, F, Range>;
        if constexpr (!detail::is_accepted<Call, void>()) {
            detail::refuse<Call, void, void>();
        } else {
            detail::Draft draft;
            prepare(draft, f, range, options);
            detail::set_map<typename Call::Task, void>(draft.spec);
            run(draft, std::make_shared<detail::DoneSink>(), options.progress);
        }
    }

    /// As map; the workers write their results straight into `out`, which is resized to the number
    /// of items. The result of f is converted to R as by static_cast. Where an item fails, the
    /// element is unspecified. `out` must not be the input: std::invalid_argument.
    template <class F, class Range, class R>
    void map_into(F&& f, Range&& range, shared_vector<R>& out, const MapOptions& options = {}) {
        using Call = CallOver<detail::WholeItem, F, Range>;
        constexpr bool fits = std::is_convertible_v<typename Call::Result, R>;
        if constexpr (!detail::is_accepted<Call, void>()) {
            detail::refuse<Call, void, void>();
        } else if constexpr (!fits) {
            static_assert(fits,
                          "procpool: what the callable returns does not convert to the elements of "
                          "the output");
        } else {
            if (static_cast<const void*>(std::addressof(range)) == std::addressof(out)) {
                throw std::invalid_argument("procpool: map_into cannot write over its own input");
            }
            detail::Draft draft;
            prepare(draft, f, range, options);
            using Output = detail::SharedStorage<shared_vector<R>>;
            detail::set_map_into<typename Call::Task, R>(
                draft.spec, Output::resize_for_overwrite(out, draft.spec.count));
            draft.spec.keep_output = Output::keep(out);
            run(draft, std::make_shared<detail::DoneSink>(), options.progress);
        }
    }

    /// As map, but what befalls an item is its Outcome: std::vector<Outcome<R>>. Throws for no
    /// item.
    template <class F, class Range>
    auto try_map(F&& f, Range&& range, const MapOptions& options = {}) {
        using Call = CallOver<detail::WholeItem, F, Range>;
        using R = typename Call::Result;
        if constexpr (!detail::is_accepted<Call, R>()) {
            return detail::refuse<Call, R, std::vector<Outcome<R>>>();
        } else {
            detail::Draft draft;
            prepare(draft, f, range, options);
            detail::set_map<typename Call::Task, R>(draft.spec);
            return run(draft, std::make_shared<detail::OutcomeSink<R>>(draft.spec.count),
                       options.progress);
        }
    }

    /// As map, without waiting: an AsyncResult of what map returns. Items are read now.
    template <class F, class Range>
    [[nodiscard]] auto map_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return map_async_as<detail::WholeItem>(f, range, options);
    }

    /// As starmap, without waiting.
    template <class F, class Range>
    [[nodiscard]] auto starmap_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return map_async_as<detail::SpreadItem>(f, range, options);
    }

    /// The value of the first item, in the order of the range, for which f returns a std::optional
    /// that has one; nothing if there is none. Returns as soon as no other item can change that:
    /// items after it that run by then are left to end by themselves, or by their timeout, and keep
    /// their workers, and join(), so long; the rest is cancelled. An error of an item before it is
    /// thrown, as if the items had run one by one.
    template <class F, class Range>
    auto find_first(F&& f, Range&& range, const MapOptions& options = {}) {
        return find(f, range, options, true);
    }

    /// As find_first, but any such value: returns the one that is found first at once. Errors are
    /// thrown only if nothing is found.
    template <class F, class Range>
    auto find_any(F&& f, Range&& range, const MapOptions& options = {}) {
        return find(f, range, options, false);
    }

    /// f(arguments...) in a worker. A string literal arrives as a std::string. this_task::index()
    /// is 0.
    template <class F, class... A>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskOptions>)
    auto apply(F&& f, A&&... arguments) {
        return apply(TaskOptions{}, f, arguments...);
    }
    template <class F, class... A>
    auto apply(const TaskOptions& options, F&& f, A&&... arguments) {
        using Call = CallWith<F, A...>;
        using R = typename Call::Result;
        if constexpr (!detail::is_accepted<Call, R>()) {
            return detail::refuse<Call, R, R>();
        } else {
            detail::Draft draft;
            return run(draft, prepare_call<Call>(draft, options, f, arguments...), Progress{});
        }
    }

    /// As apply, without waiting for it: an AsyncResult<R>. Blocks only while the queue is full, of
    /// thousands of calls under way, until one of them has ended.
    template <class F, class... A>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskOptions>)
    [[nodiscard]] auto submit(F&& f, A&&... arguments) {
        return submit(TaskOptions{}, f, arguments...);
    }
    template <class F, class... A>
    [[nodiscard]] auto submit(const TaskOptions& options, F&& f, A&&... arguments) {
        using Call = CallWith<F, A...>;
        using R = typename Call::Result;
        if constexpr (!detail::is_accepted<Call, R>()) {
            return detail::refuse<Call, R, AsyncResult<R>>();
        } else {
            detail::Draft draft;
            return start(draft, prepare_call<Call>(draft, options, f, arguments...));
        }
    }

    /// Python's name of submit.
    template <class... A>
    [[nodiscard]] auto apply_async(A&&... arguments) {
        return submit(arguments...);
    }

    /// f() once in every worker: to load, to warm up, to reset, to measure. Waits for all of them;
    /// then throws the error of the worker with the lowest number, if there is any. A worker that
    /// is busy runs it after the chunk at hand; of one that dies before it began, the replacement
    /// runs it.
    template <class F>
    void for_each_worker(F&& f) {
        using Call = CallWith<F>;
        if constexpr (!detail::is_accepted<Call, void>()) {
            detail::refuse<Call, void, void>();
        } else {
            std::vector<std::pair<detail::JobHandle, std::shared_ptr<detail::DoneSink>>> jobs;
            for (int worker = 0; worker < processes(); ++worker) {
                detail::Draft draft;
                auto sink = std::make_shared<detail::DoneSink>();
                detail::set_closure<std::decay_t<F>>(draft, f);
                detail::pack_arguments<>(draft);
                detail::set_map<typename Call::Task, void>(draft.spec);
                draft.spec.sink = sink;
                draft.spec.only_worker = worker;
                jobs.emplace_back(engine().start(std::move(draft.spec)), std::move(sink));
            }
            for (const auto& [job, sink] : jobs) {
                engine().wait(job, detail::Clock::time_point::max());
            }
            for (const auto& [job, sink] : jobs) {
                sink->take();
            }
        }
    }

    /// No more work is taken: calls throw PoolClosed. What is pending is finished. Does not wait.
    /// May be called often.
    void close() { engine().close(); }

    /// Waits until all work is done and all workers are gone. Throws std::logic_error before
    /// close() or terminate(). May be called often.
    void join() { engine().join(); }

    /// Kills the workers; what is pending resolves with PoolTerminated. May be called often, in any
    /// order with close() and join().
    void terminate() { engine().terminate(); }

    /// The number of workers; 1 with Start::in_caller. Does not block.
    [[nodiscard]] int processes() const { return engine().processes(); }

    /// The workers at this moment: a worker that dies is replaced by one with another pid.
    [[nodiscard]] std::vector<pid_t> worker_pids() const { return engine().worker_pids(); }

private:
    template <class How, class F, class Range>
    using CallOver = detail::CallOver<How, std::decay_t<F>, Range>;
    template <class F, class... A>
    using CallWith =
        detail::CallOf<detail::SpreadItem, std::decay_t<F>, std::tuple<detail::Kept<A>...>>;

    [[nodiscard]] detail::Engine& engine() const {
        if (!engine_) {
            throw std::logic_error(
                "procpool: this Pool was moved from, or this is a worker of its own, forked while "
                "it was made: a task makes a pool of its own");
        }
        return *engine_;
    }

    template <class F, class Range, class Options>
    static void prepare(detail::Draft& draft, F& f, Range& range, const Options& options) {
        detail::set_options(draft.spec, options);
        detail::set_closure<std::decay_t<F>>(draft, f);
        detail::pack<detail::Item<Range>>(draft, range);
    }

    template <class Call, class F, class... A>
    static auto prepare_call(detail::Draft& draft, const TaskOptions& options, F& f,
                             A&... arguments) {
        using R = typename Call::Result;
        detail::set_options(draft.spec, options);
        detail::set_closure<std::decay_t<F>>(draft, f);
        detail::pack_arguments<detail::Kept<A&>...>(draft, detail::KeptAs<A&>::keep(arguments)...);
        detail::set_map<typename Call::Task, R>(draft.spec);
        if constexpr (std::is_void_v<R>) {
            return std::make_shared<detail::DoneSink>();
        } else {
            return std::make_shared<detail::ValueSink<R>>();
        }
    }

    template <class Sink>
    typename Sink::Value run(detail::Draft& draft, const std::shared_ptr<Sink>& sink,
                             const Progress& progress) {
        return detail::run_to_end(engine(), draft, sink, progress);
    }

    template <class Sink>
    AsyncResult<typename Sink::Value> start(detail::Draft& draft,
                                            const std::shared_ptr<Sink>& sink) {
        draft.spec.sink = sink;
        return {engine_, engine().start(std::move(draft.spec)), sink};
    }

    template <class How, class F, class Range>
    auto map_as(F& f, Range& range, const MapOptions& options) {
        using Call = CallOver<How, F, Range>;
        using R = typename Call::Result;
        if constexpr (!detail::is_accepted<Call, R>()) {
            return detail::refuse<Call, R, detail::MapValue<R>>();
        } else {
            detail::Draft draft;
            prepare(draft, f, range, options);
            detail::set_map<typename Call::Task, R>(draft.spec);
            return run(draft, detail::make_map_sink<R>(draft.spec.count), options.progress);
        }
    }

    template <class How, class F, class Range>
    auto map_async_as(F& f, Range& range, const MapOptions& options) {
        using Call = CallOver<How, F, Range>;
        using R = typename Call::Result;
        if constexpr (!detail::is_accepted<Call, R>()) {
            return detail::refuse<Call, R, AsyncResult<detail::MapValue<R>>>();
        } else {
            detail::Draft draft;
            prepare(draft, f, range, options);
            detail::set_map<typename Call::Task, R>(draft.spec);
            auto sink = detail::make_map_sink<R>(draft.spec.count);
            return start(draft, sink);
        }
    }

    template <class F, class Range>
    auto find(F& f, Range& range, const MapOptions& options, bool lowest) {
        using Call = CallOver<detail::WholeItem, F, Range>;
        using Result = typename Call::Result;
        if constexpr (!detail::is_accepted<Call, void>()) {
            return detail::refuse<Call, void, Result>();
        } else if constexpr (!detail::is_optional<Result>) {
            static_assert(detail::is_optional<Result>,
                          "procpool: a callable for find_first and find_any returns a "
                          "std::optional: the value that was looked for, or nothing");
            return detail::never_made<detail::Refused>();
        } else {
            using R = typename Result::value_type;
            if constexpr (!detail::Encodable<R>) {
                return detail::refuse<Call, R, Result>();
            } else {
                detail::Draft draft;
                prepare(draft, f, range, options);
                detail::set_find<typename Call::Task, R>(draft.spec);
                // An item before the find may give a better one.
                draft.spec.finishes_claimed = lowest;
                return run(draft, std::make_shared<detail::FindSink<R>>(lowest), options.progress);
            }
        }
    }

    std::shared_ptr<detail::Engine> engine_;
};

PROCPOOL_END_NAMESPACE
