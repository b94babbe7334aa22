#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/claims.hpp"
#include "engine/worker/copies.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/ledger.hpp"
#include "engine/worker/lifetime.hpp"
#include "engine/worker/outbox.hpp"
#include "engine/worker/seat.hpp"
#include "engine/worker/thefts.hpp"
#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Runs the items that were taken (docs/protocol.md, part 4).
class Items final : public RunHost {
public:
    Items(const Seat& seat, Bells& bells, KnownJobs& known, ClaimClock& clock, Claims& claims,
          Outbox& outbox, Lifetime& lifetime, Thefts& thefts, Ledger& ledger);

    /// Runs what was taken last. Does not return if this worker is to be replaced.
    [[gnu::hot]] void run_taken();

    // What Run calls.
    void begin_checked(std::uint64_t item) override;
    void look_at_thefts(std::uint64_t item) override;
    void end_checked() override;
    void emit(Run& run, std::span<const std::byte> bytes) override;
    void fail(Run& run, std::uint64_t item) override;
    void stop() override;

private:
    /// What became of an item that gave no result.
    struct Outcome {
        std::vector<std::byte> failure;
        bool cancelled = false;
        bool met_memory_limit = false;
    };

    [[gnu::hot]] Run make_run();
    [[gnu::hot]] void run_here(Run& run, KnownJob& known);
    void run_in_copy(Run& run, KnownJob& known);
    [[gnu::hot]] void call_thunk(Run& run, KnownJob& known);
    [[gnu::hot]] void prepare(std::uint64_t item, KnownJob& known);
    [[gnu::hot]] inline void watch_thefts(const Claim& claim);
    [[nodiscard]] bool lose_from(std::uint64_t item);
    void keep_from(std::uint64_t item);
    void cut_at(std::uint64_t position);
    [[nodiscard]] Outcome outcome_in_flight(std::uint64_t item);
    [[nodiscard]] bool is_memory_limit(const std::bad_alloc& exception) const;
    [[noreturn]] void retire(std::uint64_t items);

    const Seat& seat_;
    Bells& bells_;
    KnownJobs& known_;
    ClaimClock& clock_;
    Claims& claims_;
    Outbox& outbox_;
    Lifetime& lifetime_;
    Thefts& thefts_;
    Copies copies_;
    Ledger& ledger_;

    Run run_;
    std::uint64_t run_serial_ = 0;  // of the job that `run_` is made for
    bool timed_ = false;            // items of that job
    const JobPage* page_ = nullptr;
    std::uint64_t end_ = 0;          // one past the last item to run: less once some are stolen
    std::uint64_t timed_count_ = 0;  // of the verdict of the timed item that runs
    std::uint64_t timed_item_ = 0;
    const std::atomic<std::uint64_t>* genuine_;
    trace::Backtrace thrown_at_;  // where the exception in flight was thrown, if known
    bool preparing_ = false;      // a job that cannot be
    bool begun_ = false;  // the item that is about to begin, with what comes before its call
    std::exception_ptr no_copy_;     // of the worker can be had: why
    bool in_copy_ = false;           // of the worker, for what was taken
    bool met_memory_limit_ = false;  // in that copy
    bool to_close_ = false;          // the job, once what is in the open frame is published
    std::uint64_t skipped_ = 0;      // items of the claim that were given up
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
