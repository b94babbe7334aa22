#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

#include "engine/client/local_job.hpp"
#include "engine/shared/current_task.hpp"
#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

class Crew;

/// A place in which one thread at a time runs items: what a worker process is elsewhere.
struct LocalSeat {
    int number = 0;
    SeatLocals* locals = nullptr;  ///< null: those of the process
};

/// What came of the items of a pool, guarded by its mutex.
struct LocalCounts {
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
};

/// Runs items of one job in this thread, through its thunk. Results go to the job's receiver as
/// they come; the mutex is not held while code of the program's runs.
class LocalRun final : public RunHost {
public:
    LocalRun(LocalJob& job, const Crew& crew, std::mutex& mutex, const LocalSeat& seat,
             LocalCounts& counts);
    LocalRun(const LocalRun&) = delete;
    LocalRun& operator=(const LocalRun&) = delete;
    ~LocalRun();

    /// The innermost run of this thread that belongs to the crew; null if there is none.
    static const LocalRun* of(const Crew& crew);
    [[nodiscard]] const LocalSeat& seat() const { return seat_; }

    /// Runs items [first, last), or as many of them as start before the job is cancelled. Throws
    /// std::bad_alloc when there is no memory for what came of them.
    void items(std::uint64_t first, std::uint64_t last);

    /// How many gave a result or failed.
    [[nodiscard]] std::uint64_t finished() const { return finished_; }

    void begin_checked(std::uint64_t item) override;
    void look_at_thefts(std::uint64_t /*item*/) override {}
    void end_checked() override {}
    void emit(Run& run, std::span<const std::byte> bytes) override;
    void fail(Run& run, std::uint64_t item) override;
    void stop() override;

private:
    void give(std::uint64_t end);
    void count(std::uint64_t items, std::uint64_t LocalCounts::* as);
    void* prepare();

    LocalJob& job_;
    const Crew& crew_;
    std::mutex& mutex_;
    const LocalSeat seat_;
    LocalCounts& counts_;
    const LocalRun* const outer_;
    Word current_{resting_at(0)}, part_{detail::no_part};
    const ItemsHere says_which_;
    std::vector<std::byte> buffer_;
    const std::byte* output_ = nullptr;
    std::uint64_t given_ = 0;  // everything before it went to the receiver
    std::uint64_t finished_ = 0;
    bool closed_here_ = false;
};

/// The exception in flight, as what came of an item.
[[nodiscard]] Failure current_failure(std::uint64_t item);

}  // namespace engine
PROCPOOL_END_NAMESPACE
