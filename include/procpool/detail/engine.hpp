#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/coverage.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>
#include <procpool/start.hpp>

PROCPOOL_BEGIN_NAMESPACE
struct PoolStats;

namespace engine {
class Job;      // one submitted job
class Backend;  // a client's half of a pool, or what takes its place
}  // namespace engine

namespace detail {

using Clock = std::chrono::steady_clock;

class Executor;     // threads to run items on: detail/executor.hpp
class JournalCall;  // of a call with a journal: detail/journal.hpp

/// A block of the shared region: written by the client, read-only in every worker. Movable; frees
/// itself. Any thread may allocate and free.
class Block {
public:
    Block() = default;
    /// At least `bytes` bytes, aligned to 4096, with unspecified content. While this process has no
    /// region, as nobody but pools in the caller was made, it is memory of the process. Throws
    /// std::bad_alloc when the region is full.
    explicit Block(std::size_t bytes);
    /// The same, in the region in any case.
    [[nodiscard]] static Block in_region(std::size_t bytes);
    /// As the constructor, with these bytes; one byte if there are none, so that it has an address.
    [[nodiscard]] static Block copy_of(std::span<const std::byte> bytes);
    Block(Block&& other) noexcept
        : region_(other.region_),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    Block& operator=(Block&& other) noexcept {
        std::swap(region_, other.region_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() {
        if (data_ != nullptr) {
            give_back();
        }
    }

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    explicit operator bool() const { return data_ != nullptr; }

private:
    void give_back() const;

    void* region_ = nullptr;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Receives what the workers send back, in the client, one call at a time. Every item of a job
/// reaches exactly one of the calls, once, before a wait for the job returns true. None may throw.
///
/// One that runs code of the program's is called on the thread that waits for its job, or asks
/// about it, with no lock held: it may call the engine for other jobs. Any other one is called on
/// whichever thread takes in what has arrived, under the pool's lock, and calls nothing.
class Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    /// Fixed-size results of items [first, first + count), laid end to end; empty `bytes` for void
    /// and in-place results.
    virtual void results(std::uint64_t first, std::uint64_t count,
                         std::span<const std::byte> bytes) noexcept = 0;
    /// The variable-sized result of one item.
    virtual void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept = 0;
    /// The item has no result.
    virtual void failed(std::uint64_t item, Failure failure) noexcept = 0;
    /// Items [first, last) have no result: they will never run, as they were cancelled or the pool
    /// was terminated or broke, or there is no memory here for what came of them.
    virtual void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept = 0;

    /// Do these calls, or the destruction of what they keep, run code that is the program's, such
    /// as a constructor or `serialize`? It is asked once for each job.
    [[nodiscard]] virtual bool runs_user_code() const noexcept { return true; }

    /// What comes of the job is certain when every item before this one has reached the sink.
    [[nodiscard]] virtual std::uint64_t certain_before() const noexcept {
        return ~std::uint64_t{0};
    }
};

/// Longer results travel as variable-sized ones.
inline constexpr std::size_t max_fixed_result = 32 * 1024;

/// What in a closure may be an address of code or of constants, word by word: its bytes as they
/// travel may lie at any offset, and hold texts and numbers besides.
struct CodeWords {
    std::span<const std::byte> all;
    /// Those of them to which the thunk does not apply `relocated`.
    std::span<const std::byte> fixed;
};

/// What several jobs may be asked to do alike.
struct JobRequest {
    Thunk thunk = nullptr;
    Prepare prepare{};
    std::span<const std::byte> closure;  ///< copied
    CodeWords code;
    std::uint64_t count = 0;  ///< items
    std::uint64_t parts = 0;  ///< of an item, at most; 0: it has none (Run::begin_part)

    // Inputs: either `inputs` (copied; small ones need no block), or JobSpec::block, or memory of
    // the region that `keep` keeps alive. How they lie there is between the face and its thunk.
    std::span<const std::byte> inputs;
    const std::byte* shared_inputs = nullptr;
    std::shared_ptr<const void> keep;
    std::shared_ptr<const void> keep_output;  ///< of `in_place`
    std::size_t input_stride = 0;
    /// > 0: there are no items yet, `feed` brings them, and the thunk finds each by its ItemEntry.
    /// It is also how many entries there are (rounded up to a power of two): an item waits for that
    /// of the one so many before it.
    std::size_t window = 0;

    /// Bytes of a fixed-size result, at most max_fixed_result. 0: an item emits a variable-sized
    /// result, or nothing.
    std::size_t result_stride = 0;
    /// Fixed-size results are written here (memory of the region) instead of shipped.
    std::byte* in_place = nullptr;
    std::size_t in_place_size = 0;  ///< bytes

    std::size_t chunksize = 0;            ///< 0: adaptive
    std::chrono::nanoseconds timeout{0};  ///< per item, from its start; 0: none
    std::chrono::nanoseconds grace{0};    ///< behind the timeout: it is asked to end, then killed
    int retries = 0;                      ///< extra tries of an item whose worker died or timed out
    std::stop_token stop{};               ///< for whoever starts the job: see StopLink
    bool fail_fast = false;               ///< the first failure cancels what has not started
    bool pristine = false;                ///< each item in a copy of its worker
    bool accounted = false;               ///< the thunk says when each call begins: Run::time_from
    /// When a worker closes the job (Run::stop), what is claimed already is run nevertheless.
    bool finishes_claimed = false;
    bool eager = false;   ///< the client wants each result as it comes, not the whole at the end
    bool waited = false;  ///< the caller waits for it right away, on this thread
    std::shared_ptr<Sink> sink;
};

/// What the engine is asked to do. It sees bytes, never a type.
struct JobSpec : JobRequest {
    Block block;                           ///< inputs that are handed over
    std::shared_ptr<JournalCall> journal;  ///< for whoever starts the job
};

struct EngineOptions {
    int processes = 1;
    Start start = Start::automatic;
    /// Run once in every worker, with the bytes.
    void (*initialize)(std::span<const std::byte>) = nullptr;
    std::span<const std::byte> initializer{};  ///< copied
    CodeWords initializer_code{};
    /// Run once in every worker that ends by plan, with the bytes.
    void (*finalize)(std::span<const std::byte>) = nullptr;
    std::span<const std::byte> finalizer{};  ///< copied
    CodeWords finalizer_code{};
    std::size_t max_tasks_per_child = 0;
    std::size_t memory_limit = 0;  ///< bytes; 0: none
    bool pin = false;
    std::optional<std::chrono::nanoseconds> spin{};  ///< PoolOptions::spin
    bool inherits = false;  ///< it forks because the workers are to inherit the caller's memory
};

using JobHandle = std::shared_ptr<engine::Job>;

/// A pool of worker processes and the client's end of it. Any thread of the process that made it
/// may call it; in a forked child every call but the destructor throws std::logic_error and the
/// destructor does nothing.
class Engine {
public:
    /// Starts the fork server and the workers; returns when all are forked. Throws
    /// std::system_error when it cannot.
    explicit Engine(const EngineOptions& options);
    /// A pool without processes: its workers are threads of the executor. Items cannot be ended,
    /// and timeouts are refused by start() with std::invalid_argument.
    Engine(const EngineOptions& options, std::unique_ptr<Executor> executor);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Starts a job; does not wait for it. What the spec owns is moved out of it. Throws
    /// PoolClosed, PoolTerminated, PoolBroken, std::bad_alloc.
    [[gnu::hot]] [[nodiscard]] JobHandle start(JobSpec&& spec);
    /// Starts the job, of one item, in every worker: a job each, for as many sinks as there are
    /// workers. Throws the same; some may then have been started.
    [[nodiscard]] std::vector<JobHandle> start_in_each(
        JobSpec& spec, std::span<const std::shared_ptr<Sink>> sinks);
    /// Waits until every item of the job is resolved, or as many as its sink needs, or the
    /// deadline. True if they are.
    [[gnu::hot]] bool wait(const JobHandle& job, Clock::time_point deadline);
    /// Waits until anything of the job arrives that had not when `seen` was taken from `arrivals`,
    /// or it is resolved.
    bool wait_more(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline);
    /// Items of the job resolved so far (takes in what has arrived and tells the sink; never
    /// waits).
    std::uint64_t arrivals(const JobHandle& job);
    /// True when every item is resolved (takes in what has arrived and tells the sink; never
    /// waits).
    bool resolved(const JobHandle& job);
    /// Appends items to a fed job, as many as there are entries for; returns how many. Nothing if
    /// it takes none any more: it was cancelled, or an item failed under fail_fast. What the items'
    /// entries say stays where it is until the sink has heard of them; `keep` keeps it alive. Takes
    /// in what has arrived and tells the sink. Never waits. close() does not end it, join() does:
    /// throws PoolClosed, PoolTerminated, PoolBroken.
    std::optional<std::size_t> feed(const JobHandle& job, std::span<const ItemEntry> items);
    /// No more items will be fed.
    void end_feed(const JobHandle& job);
    /// Makes waits for any of several jobs notice what comes of this one, until unlisten() is
    /// called with what it returned. Nothing if there is nothing to come.
    [[nodiscard]] std::optional<std::size_t> listen(const JobHandle& job);
    void unlisten(std::size_t listening) noexcept;
    /// What has not started never will; items that run are asked to end, and killed after `grace`.
    /// The sink hears of each, at the next wait. Does not wait.
    void cancel(const JobHandle& job, std::chrono::nanoseconds grace);
    /// What has not started never will, and the sink hears no more at all: what still runs is
    /// forgotten.
    void abandon(const JobHandle& job);
    /// The sink hears no more at all, though the job runs on. To be called by whoever gives up a
    /// handle before the job is resolved: so the sink is destroyed by this thread, not by another
    /// one under the pool's lock. In a forked child does nothing.
    void forget(const JobHandle& job) noexcept;

    void close();
    void join();       ///< after close or terminate; waits for every job, then for every process
    void terminate();  ///< kills every worker; whatever is pending is dropped with PoolTerminated

    [[nodiscard]] int processes() const;
    [[nodiscard]] std::vector<pid_t> worker_pids() const;
    /// What it has done. `with_memory`: that of each worker too, which takes system calls.
    [[nodiscard]] PoolStats stats(bool with_memory) const;

private:
    std::unique_ptr<engine::Backend> backend_;
};

/// A job, and the engine that has it.
struct EngineJob {
    Engine* engine = nullptr;
    JobHandle job;
};

/// Waits until one of the jobs is resolved, or the deadline, or until `stop` is set and
/// `stop_wait_any` was called. Returns those that are resolved, by their place. Throws as
/// Engine::resolved.
[[nodiscard]] std::vector<std::size_t> wait_any(std::span<const EngineJob> jobs,
                                                Clock::time_point deadline,
                                                const std::atomic<bool>* stop = nullptr);
void stop_wait_any();

}  // namespace detail
PROCPOOL_END_NAMESPACE
