#pragma once

#include <memory>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/pool_members.hpp>
#include <procpool/errors.hpp>
#include <procpool/options.hpp>
#include <procpool/stream.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// A pool of worker processes.
///
///     mp::Pool pool{8};
///     std::vector<double> squares = pool.map([](double x) { return x * x; }, data);
///
/// **What is called.** The callable travels to workers that exist already: functions, member
/// pointers, lambdas and functors that are trivially copyable, functors that travel as values do,
/// bind_front/bind_back. It is invoked as const, each item as a T&& that the worker owns. A lambda
/// that captures by reference, or a pointer into this process, is refused with NotShippable.
///
/// **What is passed.** Items, arguments and results: plain values and aggregates, the standard
/// containers and value types, classes with a serialize(archive) member; they may be of types that
/// only move. docs/shipping.md has the list. Results decay; `void` and `bool` work. A range is
/// anything `for` accepts, or a list in braces; it is read to its end, once, before the work
/// starts, and what it throws the call throws.
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
/// runs on the thread that asks for it, with no lock held. Movable, but not while it is called.
///
/// Its calls come from base classes: what waits for its work, or gives a result for later, is told
/// in procpool/detail/pool_members.hpp, what gives a Stream<R> in procpool/stream.hpp and
/// procpool/detail/stream/members.hpp.
class Pool : public detail::PoolMembers<Pool> {
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

    /// The workers at this moment: a worker that dies is replaced by one with another pid.
    [[nodiscard]] std::vector<pid_t> worker_pids() const;

private:
    friend class detail::PoolMembers<Pool>;
    friend class detail::StreamMembers<Pool>;

    /// Throws std::logic_error if there is none.
    [[gnu::hot]] [[nodiscard]] const std::shared_ptr<detail::Engine>& shared_engine() const;

    std::shared_ptr<detail::Engine> engine_;
};

PROCPOOL_END_NAMESPACE
