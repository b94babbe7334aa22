#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {
struct Failure;
class Report;
}  // namespace detail

/// What every exception of a failed item carries, whatever its type: which item, which worker, what
/// happened.
///
/// An exception that a task throws arrives as its own standard type (a type derived from a standard
/// one as its nearest standard base) and as a TaskFailure:
///
///     try {
///         pool.map(parse, files);
///     } catch (const std::out_of_range& e) {
///         // as if parse had been called here; what() is what was thrown,
///         // followed by what is nested in it, or by memory_limit if that was the cause
///     } catch (const procpool::TaskFailure& e) {
///         std::cerr << e.message() << '\n';  // anything else that befell an item
///     }
///
/// It has no std::exception base of its own, so `catch (const std::exception&)` is never ambiguous.
/// Copying does not throw and shares the text. Reading one object from several threads is safe.
class TaskFailure {
public:
    /// Made by the pool, from what arrived of a worker. Throws std::bad_alloc.
    explicit TaskFailure(const detail::Failure& failure);
    TaskFailure(const TaskFailure&) noexcept = default;
    TaskFailure& operator=(const TaskFailure&) noexcept = default;
    virtual ~TaskFailure();

    /// The position of the item in the range, from 0. 0 for apply() and submit().
    [[nodiscard]] std::uint64_t index() const noexcept;
    /// The process that ran the item; 0 if none did.
    [[nodiscard]] pid_t worker_pid() const noexcept;
    /// The type that was thrown, as it is written in C++: "std::out_of_range", "app::ParseError",
    /// "int". Empty when nothing was thrown.
    [[nodiscard]] const std::string& type_name() const noexcept;
    /// One sentence for a person: the item, the worker, what happened and what to do.
    [[nodiscard]] const std::string& message() const noexcept;
    /// Where it happened, a line per frame, the innermost first: "parse_header (parse.cpp:41)".
    /// Where the worker died of a bug, where the task threw what it did not catch itself. Empty
    /// when the worker could not tell. The first call of this, of message() or of what() looks the
    /// names up: milliseconds.
    [[nodiscard]] const std::string& trace() const noexcept;

    /// The data behind it, for the library itself.
    [[nodiscard]] const detail::Failure& failure() const noexcept;

private:
    std::shared_ptr<const detail::Report> report_;
};

/// A task threw something that has no standard type: an int, a string, a class without a standard
/// base. type_name() says what. A class derived from a standard exception arrives as that one; to
/// bring back more than its words, catch it in the task and return it.
class RemoteError : public std::runtime_error, public TaskFailure {
public:
    explicit RemoteError(const detail::Failure& failure);

    /// message().
    [[nodiscard]] const char* what() const noexcept override;
};

/// The worker that ran the item ended: by a signal, by exit(), for its memory (OutOfMemory). The
/// other items are unharmed and the worker is replaced. MapOptions::retries tries such an item
/// again.
class WorkerDied : public std::runtime_error, public TaskFailure {
public:
    explicit WorkerDied(const detail::Failure& failure);

    /// message().
    [[nodiscard]] const char* what() const noexcept override;

    /// The signal that ended it, SIGSEGV for example; 0 if it exited.
    [[nodiscard]] int signal() const noexcept;
    /// Its exit status; 0 if it died of a signal.
    [[nodiscard]] int exit_status() const noexcept;
};

/// The kernel's out-of-memory killer ended the worker: the machine or the container had no memory
/// left. message() says how much the worker held, and how much there is. Fewer processes help, or
/// PoolOptions::memory_limit: the task gets a std::bad_alloc then. (A worker that dies in the first
/// tenth of a second of its pool, or is killed by somebody else at the same time, is told as a
/// WorkerDied of SIGKILL.)
class OutOfMemory : public WorkerDied {
public:
    explicit OutOfMemory(const detail::Failure& failure);

    /// Bytes of memory that the worker held at most.
    [[nodiscard]] std::uint64_t memory() const noexcept;
};

/// The item ran longer than MapOptions::timeout; its worker was killed, with every process it had
/// started.
class TaskTimeout : public std::runtime_error, public TaskFailure {
public:
    explicit TaskTimeout(const detail::Failure& failure);

    /// message().
    [[nodiscard]] const char* what() const noexcept override;
};

/// The item was cancelled before it started, or stopped while it ran: by cancel(), by
/// MapOptions::stop, by fail_fast, or because a search had found its answer.
class TaskCancelled : public std::runtime_error, public TaskFailure {
public:
    explicit TaskCancelled(const detail::Failure& failure);

    /// message().
    [[nodiscard]] const char* what() const noexcept override;
};

/// AsyncResult::get(timeout), or another wait with a bound, ended before there was a result. The
/// task still runs: wait again.
class TimeoutError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Work was given to a pool after close().
class PoolClosed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The pool was terminated or destroyed while this was pending. close() and join() finish what is
/// pending.
class PoolTerminated : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The pool lost its fork server, or no more processes can be started. What had not finished is
/// lost: make a new pool.
class PoolBroken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// PoolOptions::initializer failed in a worker. The pool is broken; the message has the cause.
class InitializerFailed : public std::runtime_error {
public:
    /// Throws std::bad_alloc.
    explicit InitializerFailed(const std::string& message, const std::string& trace = {});
    InitializerFailed(const InitializerFailed&) noexcept = default;
    InitializerFailed& operator=(const InitializerFailed&) noexcept = default;
    ~InitializerFailed() override = default;

    /// Where the initializer threw or died, as TaskFailure::trace().
    [[nodiscard]] const std::string& trace() const noexcept;

private:
    std::shared_ptr<const std::string> trace_;
};

/// A callable cannot travel to a worker: it captures a pointer or a reference to memory that the
/// worker does not share, or it lives in a module that the worker does not have. Capture numbers
/// and plain structs by value, pass other objects with bind_back, or use fork_map, which takes any
/// callable. Or a value cannot: it is nested deeper than it could be read again, or its serialize()
/// gave the archive something else when it was written than when it was measured.
class NotShippable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Bytes that arrived are not what was sent: a worker scribbled over them, or the two sides are
/// different programs.
class DecodeError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

PROCPOOL_END_NAMESPACE
