#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
class Items;
class LocalRun;
}  // namespace engine

namespace detail {

/// How a number below 2^44 is written to a shared word, so that what a task writes there by
/// accident does not pass for one: between the numbers there is room for a mark.
inline constexpr std::uint64_t seal_mark = 0x5'ea1d;  // 20 bits
[[nodiscard]] constexpr std::uint64_t seal(std::uint64_t number) {
    return (number << 20U) + seal_mark;
}

/// Of an item that has no parts.
inline constexpr std::uint64_t no_part = ~std::uint64_t{0};

/// Where one variable-sized item lies: in the shared region, which has the same addresses in all
/// processes.
struct ItemEntry {
    const std::byte* data = nullptr;
    std::uint64_t size = 0;  ///< bytes
};

class Run;

/// Whoever calls a thunk: what its Run cannot do with loads and stores alone.
class RunHost {
public:
    virtual void begin_checked(std::uint64_t item) = 0;
    virtual void look_at_thefts(std::uint64_t item) = 0;
    virtual void end_checked() = 0;
    virtual void emit(Run& run, std::span<const std::byte> bytes) = 0;
    virtual void fail(Run& run, std::uint64_t item) = 0;
    virtual void stop() = 0;

protected:
    ~RunHost() = default;
};

/// A claimed range of items as the thunk sees it, inside a worker.
///
/// A thunk is instantiated over a whole range so that the compiler sees the loop: begin(),
/// genuine() and end() are plain loads and stores on the worker's own cache lines, and only errors,
/// variable-sized results and timed items make calls.
///
/// A thunk must loop like this, so that a death names its item and an exception costs one item:
///
///     for (; run.next < run.last; ++run.next) {
///         run.begin(run.next);
///         R result = f(argument);
///         run.end(run.next);            // before the result is stored
///         store(run.result(run.next));  // fixed size; or run.emit(bytes)
///     }
///
/// It lets exceptions pass: the engine takes one as the outcome of item `next`, and calls the thunk
/// again for the rest.
class Run {
public:
    // What to run. `begin`, `fail` and `emit` may lower `last`: the engine calls the thunk again
    // for what is left over.
    std::uint64_t next = 0;  ///< the next item to run
    std::uint64_t last = 0;  ///< one past the last item to run

    // What to run it on: read-only memory of the shared region.
    const std::byte* closure = nullptr;  ///< the callable's bytes, aligned to 64
    std::size_t closure_size = 0;        ///< bytes
    void* prepared =
        nullptr;  ///< what the job's `prepare` made of the closure in this worker, if it has one
    const std::byte* input =
        nullptr;  ///< fixed-size items: their base; variable-sized: the array of ItemEntry
    std::uint64_t input_mask = ~std::uint64_t{0};  ///< item i lies at i & input_mask

    /// Says that item `i` starts now. Throws, for the loop above, when it is not to start any more.
    void begin(std::uint64_t i) {
        if (timed_ || cancelled_->load(std::memory_order_relaxed) != 0) [[unlikely]] {
            host_->begin_checked(i);
            return;
        }
        current_->store(seal(i * 2 + 1), std::memory_order_release);
        // The compiler keeps what the item does behind this, or a crash would be blamed on another.
        // Between this store and the next load a thief has the processor execute a barrier.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (thefts_->load(std::memory_order_relaxed) != thefts_seen_) [[unlikely]] {
            host_->look_at_thefts(i);
        }
    }

    /// The same for one of the parts of item `i` (JobSpec::parts), which are numbered through the
    /// items of the job: what befalls it names the part, and the item's time begins again. Each is
    /// followed by an end(i).
    void begin_part(std::uint64_t i, std::uint64_t part) {
        part_ = part;
        if (!timed_) {
            part_word_->store(part, std::memory_order_relaxed);
        }
        begin(i);
    }

    /// Says that the call for item `i` returned. Does not return in a process that the task forked
    /// off, nor when the fork server has already condemned the item for its timeout.
    void end(std::uint64_t /*i*/) {
        if (timed_ || genuine_->load(std::memory_order_relaxed) == 0) [[unlikely]] {
            host_->end_checked();
        }
    }

    /// The call for item begin() was told of starts at this time of the monotonic clock: for an
    /// account of how long it takes, also if it never returns.
    void time_from(std::uint64_t now_ns) {
        began_ns_ = now_ns;
        if (started_ != nullptr) {
            started_->store(now_ns, std::memory_order_relaxed);
        }
    }
    /// How long that call has run now, in ns; 0 if no time was told since this was asked last.
    [[nodiscard]] std::int64_t take_run_time(std::uint64_t now_ns) {
        const std::uint64_t began = std::exchange(began_ns_, 0);
        return began == 0 ? 0 : static_cast<std::int64_t>(now_ns - began);
    }
    /// How often item `i` is tried, this time included.
    [[nodiscard]] std::uint32_t attempts(std::uint64_t i) const {
        return i == retried_ ? tries_ + 1 : 1;
    }

    /// Where the fixed-size result of item `i` belongs.
    [[nodiscard]] std::byte* result(std::uint64_t i) const { return output_ + i * stride_; }

    /// The input of item `i` among variable-sized ones.
    [[nodiscard]] std::span<const std::byte> item(std::uint64_t i) const {
        const auto& entry = reinterpret_cast<const ItemEntry*>(input)[i & input_mask];
        return {entry.data, static_cast<std::size_t>(entry.size)};
    }

    /// Ships the variable-sized result of item `next`, after end(next). Blocks while the result
    /// ring is full.
    void emit(std::span<const std::byte> bytes) { host_->emit(*this, bytes); }

    /// Ships the exception in flight (call it inside a catch block) as the outcome of item `i`.
    void fail(std::uint64_t i) { host_->fail(*this, i); }

    /// Closes the job once the outcome of this item is published: nothing of it that has not been
    /// claimed is started any more.
    void stop() { host_->stop(); }

private:
    static inline const std::atomic<std::uint64_t> no_thefts{0};

    friend class engine::Items;
    friend class engine::LocalRun;

    std::atomic<std::uint64_t>* current_ = nullptr;
    std::atomic<std::uint64_t>* part_word_ = nullptr;
    std::uint64_t part_ = no_part;  // that runs, or is about to
    const std::atomic<std::uint64_t>* genuine_ = nullptr;
    std::byte* output_ = nullptr;  // address of the result of item 0, were it in the open frame
    std::size_t stride_ = 0;
    const std::atomic<std::uint32_t>* cancelled_ = nullptr;
    const std::atomic<std::uint64_t>* thefts_ = &no_thefts;  // what other workers have stolen
    std::uint64_t thefts_seen_ = 0;                          // what is known of that
    std::uint64_t began_ns_ = 0;                             // of the call; 0: not noted
    std::atomic<std::uint64_t>* started_ = nullptr;          // told of it
    std::uint64_t retried_ = ~std::uint64_t{0};              // an item that was tried before
    std::uint32_t tries_ = 0;                                // how often
    bool timed_ = false;  // or looked at for another reason: no item starts without a call
    RunHost* host_ = nullptr;
};

using Thunk = void (*)(Run&);

/// Decodes a closure once in a worker, for jobs whose closure is not usable as the bytes that
/// travelled.
struct Prepare {
    void* (*open)(std::span<const std::byte> closure) =
        nullptr;  ///< may throw: every item then fails with it
    void (*close)(void*) = nullptr;
};

/// The task that this thread's process is running. Zero outside a worker.
struct CurrentTask {
    std::uint64_t index = 0;
    int worker = -1;
};
[[nodiscard]] CurrentTask current_task() noexcept;
/// How often it is tried, this time included; 0 outside a worker.
[[nodiscard]] int current_attempt() noexcept;

/// Where the code (or constant) at an address of the client lies in this process: elsewhere only in
/// workers of Start::spawn. And the other way round.
[[gnu::hot]] [[nodiscard]] std::uintptr_t relocated(std::uintptr_t address) noexcept;
[[nodiscard]] std::uintptr_t as_in_client(std::uintptr_t address) noexcept;

/// If this process is a worker that ends by plan, the object is destroyed then: the newest first.
/// Throws std::bad_alloc.
void destroy_at_end(void* object, void (*destroy)(void*));

/// Does this thread run an item as a worker that is no process (of a ThreadPool)? If so: what it
/// has of the type that `type` stands for, or null; and keeps such an object. Throws
/// std::bad_alloc.
[[nodiscard]] bool has_own_locals() noexcept;
[[nodiscard]] void* find_own_local(const void* type) noexcept;
void keep_own_local(const void* type, void* object, void (*destroy)(void*));

/// A number that stands for the calling process: a forked child has another one, but a copy of a
/// worker that runs a pristine item, which has what the worker has.
[[nodiscard]] std::uint64_t owner_of_locals();

}  // namespace detail
PROCPOOL_END_NAMESPACE
