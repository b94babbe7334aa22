#pragma once

#include <memory>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/pool_members.hpp>
#include <procpool/errors.hpp>
#include <procpool/options.hpp>
#include <procpool/stream.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// A Pool whose workers are threads of this process (oneTBB's): for work that waits, and to compare
/// with. A program changes from one to the other by one word; it links with procpool::thread_pool.
///
///     mp::ThreadPool pool{8};
///     std::vector<Page> pages = pool.map(download, addresses);
///
/// Nothing is isolated: a task that crashes ends the program, none may call exit(), one that hangs
/// stays, and tasks share
/// what the program has, so that they must be thread-safe. What travels, what calls return and
/// throw, and in which order, is as with a Pool. So is what is each worker's own: its
/// this_worker::id(), this_worker::local() and initializer. But a worker is no certain thread:
/// what is thread_local is not its own. As nothing can end a thread's work from outside:
///
/// - `timeout` is refused, with std::invalid_argument; so are memory_limit, max_tasks_per_child,
///   pin and every `start` but the automatic one. `retries` and `grace` have nothing to do.
/// - cancel(), a stop token and terminate() request this_task::stop_token() of items that run, and
///   what waits for them waits until they return: they use its input and output. What a cancelled
///   item comes to counts; after terminate() it is dropped.
///
/// A task may call its own pool and wait: its thread runs what it waits for, and may come back
/// later than a timeout of that wait says. (But not join(), nor any call in an initializer: a
/// std::logic_error.) Other threads that a task starts, and tasks of two pools that wait for each
/// other, need threads enough. Where the program limits oneTBB by tbb::global_control to fewer
/// threads, as few run.
///
/// Its calls come from base classes, as those of a Pool: procpool/detail/pool_members.hpp,
/// procpool/stream.hpp. Any thread may call it.
class ThreadPool : public detail::PoolMembers<ThreadPool> {
public:
    /// So many threads; 0: usable_cpus(). Does not wait for them. Throws std::invalid_argument.
    explicit ThreadPool(int threads);
    /// PoolOptions::processes is the number of threads.
    explicit ThreadPool(const PoolOptions& options = {});

    ThreadPool(ThreadPool&&) noexcept = default;
    ThreadPool& operator=(ThreadPool&& other) noexcept;
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    /// Terminates, and waits for the items that run.
    ~ThreadPool();

private:
    friend class detail::PoolMembers<ThreadPool>;
    friend class detail::StreamMembers<ThreadPool>;

    /// Throws std::logic_error if there is none.
    [[nodiscard]] const std::shared_ptr<detail::Engine>& shared_engine() const;

    std::shared_ptr<detail::Engine> engine_;
};

PROCPOOL_END_NAMESPACE
