#pragma once

#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/async_result.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/map_into.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/reduce.hpp>
#include <procpool/detail/stream/find.hpp>
#include <procpool/detail/stream/members.hpp>
#include <procpool/detail/verbs.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>
#include <procpool/stats.hpp>

PROCPOOL_BEGIN_NAMESPACE

template <class T>
class shared_vector;

namespace detail {

/// What the options ask of the engine; refers to them. Throws std::invalid_argument.
[[nodiscard]] EngineOptions engine_options(const PoolOptions& options);

/// The members that a Pool and a ThreadPool have in common. Its shared_engine() is the engine they
/// call.
template <class P>
class PoolMembers : public StreamMembers<P> {
public:
    /// f of every item, in their order: std::vector<R>, or void if f returns nothing.
    template <class F, class Range>
    auto map(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map<detail::WholeItem>(engine(), f, range, options);
    }
    template <class F, class T>
    auto map(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return map(f, detail::listed(items), options);
    }

    /// As map, for items that are tuples, pairs or arrays: f(first, second, ...).
    template <class F, class Range>
    auto starmap(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map<detail::SpreadItem>(engine(), f, range, options);
    }
    template <class F, class T>
    auto starmap(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return starmap(f, detail::listed(items), options);
    }

    /// As map; what f returns is dropped in the worker.
    template <class F, class Range>
    void for_each(F&& f, Range&& range, const MapOptions& options = {}) {
        detail::for_each(engine(), f, range, options);
    }
    template <class F, class T>
    void for_each(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return for_each(f, detail::listed(items), options);
    }

    /// As map; the workers write their results straight into `out`, which is resized to the number
    /// of items. The result of f is converted to R as by static_cast. Where an item fails, the
    /// element is unspecified. `out` must not be the input: std::invalid_argument.
    ///
    /// If f(item, std::span<R>) can be called, each item is given an equal slice of `out` to write
    /// to, which keeps its size: a multiple of the number of items, or std::invalid_argument. A
    /// slice has the values it had; where an item failed or was tried again, those written by then.
    template <class F, class Range, class R>
    void map_into(F&& f, Range&& range, shared_vector<R>& out, const MapOptions& options = {}) {
        detail::map_into(engine(), f, range, out, options);
    }
    template <class F, class T, class R>
    void map_into(F&& f, std::initializer_list<T> items, shared_vector<R>& out,
                  const MapOptions& options = {}) {
        map_into(f, detail::listed(items), out, options);
    }

    /// As map, but what befalls an item is its Outcome: std::vector<Outcome<R>>. No item throws.
    template <class F, class Range>
    auto try_map(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::try_map(engine(), f, range, options);
    }
    template <class F, class T>
    auto try_map(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return try_map(f, detail::listed(items), options);
    }

    /// The items transformed and added up: of `init`, of type T, and then, in their order, what
    /// transform makes of each item, by reduce(T, what transform returned) and reduce(T, T). All of
    /// it runs in the workers: each adds up a block of items, and only the sums travel, so that a
    /// map or a histogram is merged once for a block. The result is the same, bit by bit, however
    /// many workers there are and whatever dies meanwhile: blocks depend on the number of items, or
    /// are MapOptions::chunksize long, and sums are added in their order. So reduce must be
    /// associative, but may be inexact (a sum of doubles), and need not be commutative.
    ///
    ///     const auto square = [](double x) { return x * x; };
    ///     double norm2 = pool.transform_reduce(data, 0.0, std::plus<>{}, square);
    ///
    /// What transform returns may also be something that is no T but can be added to one, as a
    /// word is to a table of words: each block then begins with T(), which must be neutral.
    /// Errors are those of map: that of the item of the lowest index, where also an error of reduce
    /// is that of the item, or of the first item of the sum, that was added. Timeouts are for each
    /// item, and retries too, but of a block that is tried again all items run again.
    template <class Range, class Init, class Reduce, class Transform>
    auto transform_reduce(Range&& range, Init&& init, Reduce&& reduce, Transform&& transform,
                          const MapOptions& options = {}) {
        return detail::transform_reduce(engine(), range, init, std::forward<Reduce>(reduce),
                                        std::forward<Transform>(transform), options);
    }
    template <class T, class Init, class Reduce, class Transform>
    auto transform_reduce(std::initializer_list<T> items, Init&& init, Reduce&& reduce,
                          Transform&& transform, const MapOptions& options = {}) {
        return transform_reduce(detail::listed(items), init, reduce, transform, options);
    }

    /// As map, without waiting: an AsyncResult of what map returns. Items are read now. Whoever
    /// wants no result drops it: the tasks run all the same.
    template <class F, class Range>
    auto map_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map_async<detail::WholeItem>(shared(), f, range, options);
    }
    template <class F, class T>
    auto map_async(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return map_async(f, detail::listed(items), options);
    }

    /// As starmap, without waiting.
    template <class F, class Range>
    auto starmap_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::map_async<detail::SpreadItem>(shared(), f, range, options);
    }
    template <class F, class T>
    auto starmap_async(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return starmap_async(f, detail::listed(items), options);
    }

    /// As try_map, without waiting.
    template <class F, class Range>
    auto try_map_async(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::try_map_async(shared(), f, range, options);
    }
    template <class F, class T>
    auto try_map_async(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return try_map_async(f, detail::listed(items), options);
    }

    /// The value of the first item, in the order of the range, for which f returns a std::optional
    /// that has one; nothing if there is none. Returns as soon as no other item can change that:
    /// items after it that run by then are left to end by themselves, or by their timeout, and keep
    /// their workers, and join(), so long; the rest is cancelled. An error of an item before it is
    /// thrown, as if the items had run one by one. A range that may be long (it has no end, or
    /// makes its items as it goes) is read while the search goes on, at most MapOptions::buffer
    /// items ahead; 0: 64 for each worker.
    template <class F, class Range>
    auto find_first(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::find(shared(), f, range, options, true);
    }
    template <class F, class T>
    auto find_first(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return find_first(f, detail::listed(items), options);
    }

    /// As find_first, but any such value: returns the one that is found first at once. Errors are
    /// thrown only if nothing is found.
    template <class F, class Range>
    auto find_any(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::find(shared(), f, range, options, false);
    }
    template <class F, class T>
    auto find_any(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return find_any(f, detail::listed(items), options);
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

    /// As apply, but what befalls the task is its Outcome<R>: throws for no task.
    template <class F, class... A>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskOptions>)
    auto try_apply(F&& f, A&&... arguments) {
        return detail::try_apply(engine(), TaskOptions{}, f, arguments...);
    }
    template <class F, class... A>
    auto try_apply(const TaskOptions& options, F&& f, A&&... arguments) {
        return detail::try_apply(engine(), options, f, arguments...);
    }

    /// As apply, without waiting for it: an AsyncResult<R>. Blocks only while the queue is full, of
    /// thousands of calls under way, until one of them has ended.
    template <class F, class... A>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskOptions>)
    auto submit(F&& f, A&&... arguments) {
        return detail::submit(shared(), TaskOptions{}, f, arguments...);
    }
    template <class F, class... A>
    auto submit(const TaskOptions& options, F&& f, A&&... arguments) {
        return detail::submit(shared(), options, f, arguments...);
    }

    /// Python's name of submit.
    template <class... A>
    auto apply_async(A&&... arguments) {
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
    void close() { engine().close(); }

    /// Waits until all work is done and all workers are gone. Throws std::logic_error before
    /// close() or terminate(). May be called often.
    void join() { engine().join(); }

    /// What is pending resolves with PoolTerminated. Workers are killed; threads end their items,
    /// as nothing else can, with this_task::stop_token() requested. May be called often.
    void terminate() { engine().terminate(); }

    /// The number of workers; 1 with Start::in_caller. Does not block.
    [[nodiscard]] int processes() const { return engine().processes(); }

    /// What the pool has done so far, and what it is at. Any thread may call it, at any time: it
    /// waits for no worker and no item; the kernel adds up the private memory of each worker for
    /// it, which takes longer the more there is. After join() or terminate(): the last that was
    /// known.
    [[nodiscard]] PoolStats stats() const { return engine().stats(true); }

private:
    [[nodiscard]] const std::shared_ptr<Engine>& shared() const {
        return static_cast<const P&>(*this).shared_engine();
    }
    [[nodiscard]] Engine& engine() const { return *shared(); }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
