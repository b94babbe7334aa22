#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <utility>

#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The item that the calling process is working on.
namespace this_task {

/// The position of the running item in its range, from 0; 0 in apply() and submit(), and outside a
/// worker.
[[nodiscard]] inline std::size_t index() noexcept {
    return static_cast<std::size_t>(detail::current_task().index);
}

/// How often the running item is tried, this time included: 1, or more if its worker died or it
/// timed out before and there are `retries`. 0 outside a worker.
///
///     if (mp::this_task::attempt() > 1) log("the input that killed us: " + name);
[[nodiscard]] inline int attempt() noexcept { return detail::current_attempt(); }

/// A seed for this item's random numbers. It depends on index() and `base` only: not on the worker,
/// the number of processes or the chunks, so results can be reproduced, and no two items of a range
/// get the same. For another run, or for calls by apply(), which all have index 0, take another
/// base.
///
///     pool.map([](int trials) { std::mt19937_64 random{mp::this_task::seed()}; ... }, trials);
[[nodiscard]] inline std::uint64_t seed(std::uint64_t base = 0) noexcept {
    // SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA
    // 2014; constants of Vigna's splitmix64.c, public domain). Its output function is a bijection,
    // so within one base seeds are distinct; mixing the base first keeps nearby bases apart.
    constexpr auto mix = [](std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    };
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    return mix(mix(base + golden) + golden * (detail::current_task().index + 1));
}

/// Whether the running item is to end: cancel(), MapOptions::stop or its timeout has asked it to,
/// and gives it `grace` to do so, if that is set; then its worker is killed. What it returns or
/// throws by then counts. In apply() and submit() it is the task's.
///
///     while (!stop.stop_requested()) { ... }   // or a std::stop_callback: on another thread
///
/// Take it in the task, once: it is for this item only. Outside a worker a token that is never
/// requested; in a ThreadPool or with Start::in_caller one that other threads request, and nothing
/// is killed. The first call in a worker starts a thread, with all signals blocked, that listens
/// for requests. Any thread of the task may call it. Throws std::bad_alloc.
[[nodiscard]] std::stop_token stop_token();

}  // namespace this_task
PROCPOOL_END_NAMESPACE

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

template <class T>
struct LocalOf {
    std::uint64_t owner = 0;  // the process that made it
    T* value = nullptr;
};
/// One, with whatever arguments it is asked for.
template <class T>
constinit inline LocalOf<T> local_of_process{};

}  // namespace detail

/// The process that calls.
namespace this_worker {

/// The number of this worker in its pool, from 0; a replacement has the number of the one it
/// replaces. -1 outside a worker.
[[nodiscard]] inline int id() noexcept { return detail::current_task().worker; }

/// The T of this process: made by T(arguments...) at the first call in a worker, and kept until the
/// worker ends. For what is dear to make and useless to ship: a connection, a model, a parser's
/// tables.
///
///     auto& tables = mp::this_worker::local<ParserTables>();
///     auto& log = mp::this_worker::local<std::ofstream>("worker.log");
///
/// A T for each type, whatever the arguments of later calls; a replacement makes its own. A worker
/// that ends by plan (join() after close(), max_tasks_per_child, memory_limit) destroys it: the
/// newest of its objects first, after PoolOptions::finalizer. One that is killed or crashes does
/// not. In a ThreadPool each worker has its own, until join(). Outside a worker it is this
/// process's, and never destroyed. For one thread at a time, as tasks are. Throws what
/// T(arguments...) throws.
template <class T, class... A>
[[nodiscard]] T& local(A&&... arguments) {
    auto& [owner, value] = detail::local_of_process<T>;
    const auto destroy = [](void* object) { delete static_cast<T*>(object); };
    if (detail::has_own_locals()) {
        void* own = detail::find_own_local(&value);
        if (own == nullptr) {
            auto fresh = std::make_unique<T>(std::forward<A>(arguments)...);
            detail::keep_own_local(&value, fresh.get(), destroy);
            own = fresh.release();
        }
        return *static_cast<T*>(own);
    }
    if (const std::uint64_t process = detail::owner_of_locals(); owner != process) {
        auto fresh = std::make_unique<T>(std::forward<A>(arguments)...);
        detail::destroy_at_end(fresh.get(), destroy);
        value = fresh.release();  // what was inherited by a fork is the parent's
        owner = process;
    }
    return *value;
}

}  // namespace this_worker
PROCPOOL_END_NAMESPACE
