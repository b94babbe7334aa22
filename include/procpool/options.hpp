#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <procpool/detail/namespace.hpp>
#include <procpool/initializer.hpp>
#include <procpool/start.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// A bar on stderr while a call waits, drawn ten times a second by the thread that waits:
/// `{.progress = "parsing"}`. Off when it has no label, and silent when stderr is no terminal.
class Progress {
public:
    Progress() = default;
    Progress(const char* label) : label_(label) {}
    Progress(std::string label) : label_(std::move(label)) {}

    explicit operator bool() const { return !label_.empty(); }
    [[nodiscard]] const std::string& label() const { return label_; }

private:
    std::string label_;
};

/// How a pool is made.
struct PoolOptions {
    int processes = 0;               ///< workers, at most 1000; 0: usable_cpus()
    Start start = Start::automatic;  ///< where workers come from
    Initializer initializer{};       ///< runs once in every worker, before its first item
    /// Runs once in every worker that ends by plan: at join() after close(), at
    /// max_tasks_per_child, at memory_limit; before its this_worker::local objects are destroyed
    /// and its files are flushed. All of that has 5 s, then the worker is killed. What it throws
    /// goes to stderr.
    Initializer finalizer{};
    std::size_t max_tasks_per_child = 0;  ///< items after which a worker is replaced; 0: no limit
    /// Bytes of private memory that a worker may grow by since its birth; beyond them allocations
    /// fail: std::bad_alloc for the item, where the task checks, and a replacement of the worker,
    /// so that what it leaked costs one item. 0: no limit.
    std::size_t memory_limit = 0;
    bool pin = false;  ///< each worker to a CPU of its own, one per physical core first
    /// How long one of the workers that rest looks out for a call before it sleeps too, so that the
    /// call costs no wake-up. It takes a CPU for that long after each call. 0: not at all; unset:
    /// tens of microseconds, by as many workers of all pools as there are CPUs to spare. Pools
    /// without processes ignore it.
    std::optional<std::chrono::nanoseconds> spin{};
};

/// Finished items survive the program: `{.journal = {"run.journal"}}`. What comes of each item is
/// appended to the file as it arrives, and a later call with the same file, of this program or the
/// next, runs only what is missing: items whose position and bytes are there with a result have it.
/// The results must be of the same type. Items that threw run again; those that killed their worker
/// or timed out do not (quarantine), and are reported again. See docs/journal.md.
///
/// The call throws std::invalid_argument for a file that is no journal, or one of other results,
/// std::runtime_error for one that another call writes, std::system_error for one that cannot be
/// opened. An item whose result cannot be written down fails with std::system_error, and the rest
/// is cancelled.
struct Journal {
    std::string file{};         ///< created if it does not exist; none: no journal
    bool retry_failed = false;  ///< what is in quarantine is run again, too
    /// Each record is on the disk before the next is taken; otherwise within a second.
    bool sync = false;
};

/// How one call treats its items.
struct MapOptions {
    std::size_t chunksize = 0;  ///< items a worker takes at once; 0: adaptive
    /// imap and its kin: items that may run ahead of the consumer, at most 2^24; 0: 4 x processes.
    /// Other calls ignore it.
    std::size_t buffer = 0;
    std::chrono::nanoseconds timeout{0};  ///< per item, from when a worker starts it; 0: none
    /// Behind a timeout, or a request by `stop`: so long an item has to end by itself, with
    /// this_task::stop_token() requested, before it is killed.
    std::chrono::nanoseconds grace{0};
    int retries = 0;  ///< extra tries of an item whose worker died or timed out, at most 1000
    bool fail_fast = false;  ///< the first error cancels what has not started
    /// Each item in a fresh copy of a worker that has run its initializer: no state is left from
    /// one item to the next, at the price of a fork for each. `chunksize` is 1 then. Threads that
    /// the initializer started, and pools that it made, are not in the copy.
    bool pristine = false;
    Progress progress{};  ///< off, or the label of a bar on stderr
    /// A request there cancels the call, from any thread, as AsyncResult::cancel(grace) does.
    std::stop_token stop{};
    Journal journal{};  ///< finished items survive the program
};

/// How one apply() or submit() treats its task; as in MapOptions.
struct TaskOptions {
    std::chrono::nanoseconds timeout{0};
    std::chrono::nanoseconds grace{0};
    int retries = 0;
    bool pristine = false;
    std::stop_token stop{};
};

/// How a fork_map() is made: PoolOptions and MapOptions in one.
struct ForkMapOptions {
    int processes = 0;  ///< workers; 0: usable_cpus(), but no more than there are items
    std::size_t chunksize = 0;
    std::chrono::nanoseconds timeout{0};
    std::chrono::nanoseconds grace{0};
    int retries = 0;
    bool fail_fast = false;
    bool pristine = false;
    Progress progress{};
    std::stop_token stop{};
    /// An item that could not travel to a worker of a Pool is known by its position alone.
    Journal journal{};
};

namespace detail {

inline constexpr int max_processes = 1000;
inline constexpr int max_retries = 1000;

// These throw std::invalid_argument with the name and the value of the option.

/// The number of workers that is asked for, 0 resolved.
[[nodiscard]] int checked_processes(int processes);
void check_max_tasks_per_child(std::size_t tasks);
void check_memory_limit(std::size_t bytes);
void check_spin(std::chrono::nanoseconds spin);
void check_start(Start start);
[[gnu::hot]] void check_options(std::size_t chunksize, std::chrono::nanoseconds timeout,
                                std::chrono::nanoseconds grace, int retries);
[[gnu::hot]] void check_grace(std::chrono::nanoseconds grace);

}  // namespace detail

PROCPOOL_END_NAMESPACE
