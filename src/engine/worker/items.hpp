#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/claims.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/lifetime.hpp"
#include "engine/worker/offers.hpp"
#include "engine/worker/outbox.hpp"
#include "engine/worker/seat.hpp"
#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Runs the items that were taken (docs/protocol.md, part 4).
class Items final : public RunHost {
public:
    Items(const Seat& seat, Bells& bells, KnownJobs& known, ClaimClock& clock, Claims& claims,
          Outbox& outbox, Lifetime& lifetime, Offers& offers);

    /// Runs what was taken last. Does not return if this worker is to be replaced.
    [[gnu::hot]] void run_taken();
    /// Runs the pool's initializer. If it fails, the pool is broken and this process ends.
    void run_initializer();

    // What Run calls.
    void begin_checked(std::uint64_t item) override;
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
    [[gnu::hot]] void call_thunk(Run& run, KnownJob& known);
    [[gnu::hot]] void prepare(std::uint64_t item, KnownJob& known);
    [[gnu::cold]] void give_back(std::uint64_t item);
    [[gnu::cold]] [[nodiscard]] bool take_back();
    [[nodiscard]] Outcome outcome_in_flight(std::uint64_t item) const;
    [[nodiscard]] std::string thrown_stack() const noexcept;
    [[nodiscard]] bool is_memory_limit(const std::bad_alloc& exception) const;
    [[noreturn]] void retire();

    const Seat& seat_;
    Bells& bells_;
    KnownJobs& known_;
    ClaimClock& clock_;
    Claims& claims_;
    Outbox& outbox_;
    Lifetime& lifetime_;
    Offers& offers_;

    Run run_;
    std::uint64_t run_serial_ = 0;  // of the job that `run_` is made for
    const JobPage* page_ = nullptr;
    std::uint64_t end_ = 0;          // one past the last item to run
    std::uint64_t timed_count_ = 0;  // of the verdict of the timed item that runs
    const std::atomic<std::uint32_t>* asked_ = nullptr;
    std::uint64_t frame_last_ = 0;    // one past the last item that the open frame has room for
    std::uint64_t last_end_ = 0;      // the same when nothing is offered
    std::uint64_t timing_since_ = 0;  // ns: when `timed_from_` began; 0: not looked at
    std::uint64_t timing_from_ = 0;   // an item of the claim
    std::uint64_t timed_item_ = 0;
    const std::atomic<std::uint64_t>* genuine_;
    trace::Backtrace thrown_at_;  // where the exception in flight was thrown, if known
    bool preparing_ = false;      // a job that cannot be
    bool begun_ = false;     // the item that is about to begin, with what comes before its call
    bool to_close_ = false;  // the job, once what is in the open frame is published
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
