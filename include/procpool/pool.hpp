#pragma once

#include <memory>
#include <type_traits>
#include <vector>

#include <sys/types.h>

#include <procpool/async_result.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/verbs.hpp>
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
/// their work is done unless they say otherwise. What decodes a result (`serialize`, constructors)
/// runs on the thread that waits for it or asks for it, with no lock of the pool held. Movable;
/// moving is not thread-safe.
class Pool {
public:
    /// Starts the workers and returns when all are forked. Throws std::invalid_argument,
    /// std::system_error when the processes cannot be started.
    explicit Pool(int processes);
    explicit Pool(const PoolOptions& options = {});

    Pool(Pool&&) noexcept = default;
    Pool& operator=(Pool&& other) noexcept;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Terminates: what is pending resolves with PoolTerminated. To drain: close(), join().
    ~Pool();

    /// f of every item, in their order: std::vector<R>, or void if f returns nothing.
    template <class F, class Range>
    auto map(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map<detail::WholeItem>(engine(), f, range, options);
    }

    /// As map, for items that are tuples, pairs or arrays: f(first, second, ...).
    template <class F, class Range>
    auto starmap(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map<detail::SpreadItem>(engine(), f, range, options);
    }

    /// As map; what f returns is dropped in the worker.
    template <class F, class Range>
    void for_each(F&& f, Range&& range, const MapOptions& options = {}) {
        detail::for_each(engine(), f, range, options);
    }

    /// As map; the workers write their results straight into `out`, which is resized to the number
    /// of items. The result of f is converted to R as by static_cast. Where an item fails, the
    /// element is unspecified. `out` must not be the input: std::invalid_argument.
    template <class F, class Range, class R>
    void map_into(F&& f, Range&& range, shared_vector<R>& out, const MapOptions& options = {}) {
        detail::map_into(engine(), f, range, out, options);
    }

    /// As map, but what befalls an item is its Outcome: std::vector<Outcome<R>>. Throws for no
    /// item.
    template <class F, class Range>
    auto try_map(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::try_map(engine(), f, range, options);
    }

    /// As map, without waiting: an AsyncResult of what map returns. Items are read now.
    template <class F, class Range>
    [[nodiscard]] auto map_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map_async<detail::WholeItem>(shared_engine(), f, range, options);
    }

    /// As starmap, without waiting.
    template <class F, class Range>
    [[nodiscard]] auto starmap_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map_async<detail::SpreadItem>(shared_engine(), f, range, options);
    }

    /// The value of the first item, in the order of the range, for which f returns a std::optional
    /// that has one; nothing if there is none. Returns as soon as no other item can change that:
    /// items after it that run by then are left to end by themselves, or by their timeout, and keep
    /// their workers, and join(), so long; the rest is cancelled. An error of an item before it is
    /// thrown, as if the items had run one by one.
    template <class F, class Range>
    auto find_first(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::find(engine(), f, range, options, true);
    }

    /// As find_first, but any such value: returns the one that is found first at once. Errors are
    /// thrown only if nothing is found.
    template <class F, class Range>
    auto find_any(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::find(engine(), f, range, options, false);
    }

    /// f(arguments...) in a worker. A string literal arrives as a std::string. this_task::index()
    /// is 0.
    template <class F, class... A>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskOptions>)
    auto apply(F&& f, A&&... arguments) {
        return detail::apply(engine(), TaskOptions{}, f, arguments...);
    }
    template <class F, class... A>
    auto apply(const TaskOptions& options, F&& f, A&&... arguments) {
        return detail::apply(engine(), options, f, arguments...);
    }

    /// As apply, without waiting for it: an AsyncResult<R>. Blocks only while the queue is full, of
    /// thousands of calls under way, until one of them has ended.
    template <class F, class... A>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskOptions>)
    [[nodiscard]] auto submit(F&& f, A&&... arguments) {
        return detail::submit(shared_engine(), TaskOptions{}, f, arguments...);
    }
    template <class F, class... A>
    [[nodiscard]] auto submit(const TaskOptions& options, F&& f, A&&... arguments) {
        return detail::submit(shared_engine(), options, f, arguments...);
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
        detail::for_each_worker(engine(), f);
    }

    /// No more work is taken: calls throw PoolClosed. What is pending is finished. Does not wait.
    /// May be called often.
    void close();

    /// Waits until all work is done and all workers are gone. Throws std::logic_error before
    /// close() or terminate(). May be called often.
    void join();

    /// Kills the workers; what is pending resolves with PoolTerminated. May be called often, in any
    /// order with close() and join().
    void terminate();

    /// The number of workers; 1 with Start::in_caller. Does not block.
    [[nodiscard]] int processes() const;

    /// The workers at this moment: a worker that dies is replaced by one with another pid.
    [[nodiscard]] std::vector<pid_t> worker_pids() const;

private:
    [[nodiscard]] detail::Engine& engine() const { return *shared_engine(); }
    /// Throws std::logic_error if there is none.
    [[gnu::hot]] [[nodiscard]] const std::shared_ptr<detail::Engine>& shared_engine() const;

    std::shared_ptr<detail::Engine> engine_;
};

PROCPOOL_END_NAMESPACE
