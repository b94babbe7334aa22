#include "engine/worker/items.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <new>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/shared/steps.hpp"
#include "engine/worker/claim_time.hpp"
#include "engine/worker/finish.hpp"
#include "engine/worker/write_rights.hpp"
#include "os/clock.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "trace/stack.hpp"
#include "trace/throw_watch.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

constexpr const char* beyond_memory_limit =
    " (its worker met PoolOptions::memory_limit and is replaced)";

/// Thrown through a thunk instead of running an item whose job is cancelled.
struct Cancelled {};
/// The same for an item that another worker has stolen.
struct Stolen {};

struct ThunkCall {
    Thunk thunk;
    Run& run;
};

[[gnu::hot]] void call_thunk_of(void* call) {
    static_cast<ThunkCall*>(call)->thunk(static_cast<ThunkCall*>(call)->run);
}

}  // namespace

Items::Items(const Seat& seat, Bells& bells, KnownJobs& known, ClaimClock& clock, Claims& claims,
             Outbox& outbox, Lifetime& lifetime, Thefts& thefts, Ledger& ledger)
    : seat_(seat),
      bells_(bells),
      known_(known),
      clock_(clock),
      claims_(claims),
      outbox_(outbox),
      lifetime_(lifetime),
      thefts_(thefts),
      copies_(seat),
      ledger_(ledger),
      genuine_(&os::worker_mark()) {}

void Items::run_taken() {
    const Claim& claim = claims_.taken();
    page_ = &seat_.layout.job(claim.job);
    KnownJob& known = claims_.known_job();
    ClaimTime time(ledger_, clock_, known, page_->terms.chunksize == 0);

    outbox_.begin_claim(claim, *page_);
    if (run_serial_ != claim.serial) {
        run_serial_ = claim.serial;
        run_ = make_run();
    }
    Run& run = run_;
    run.next = claim.first_item();
    watch_thefts(claim);
    // An inherited claim may have more items than this worker has left to run.
    end_ = claim.first_item() + lifetime_.cut(claim.end - claim.begin, page_->terms.parts);
    if (page_->terms.pristine) [[unlikely]] {
        run_in_copy(run, known);
    } else {
        run_here(run, known);
    }
    const std::uint64_t count = run.next - claim.first_item();
    if (lifetime_.spend(count, page_->terms.parts) || met_memory_limit_) {
        retire(count - skipped_);
    }
    seat_.slot.phase.store(phase::idle, std::memory_order_release);
    reach(Step::claim_released, seat_.worker);
    thefts_.let_go(claim);
    time.end(claim, count, count - std::exchange(skipped_, 0));
    if (known.writable != nullptr && seat_.handed_out(claim.job)) {
        known_.make_read_only(known);
    }
    page_ = nullptr;
}

void Items::run_here(Run& run, KnownJob& known) {
    while (run.next < end_) {
        run.last = end_;
        run.output_ = outbox_.open(run.next, run.last);
        call_thunk(run, known);
        seat_.slot.current.store(resting_at(run.next), std::memory_order_release);
        reach(Step::item_written, seat_.worker);
        // After this frame comes a claim: its word is fetched while the frame is written.
        wait::fetch_for_writing(&seat_.layout.words(claims_.taken().job).claim);
        outbox_.close(run.next);
        if (std::exchange(to_close_, false)) {
            claims_.close_job();
        }
    }
}

/// docs/protocol.md, part 4, "Pristine items".
void Items::run_in_copy(Run& run, KnownJob& known) {
    try {
        in_copy_ = copies_.begin();
    } catch (...) {
        no_copy_ = std::current_exception();
        run_here(run, known);
        return;
    }
    if (in_copy_) {
        run_here(run, known);
        bells_.pay();  // soon: this process has still to end
        copies_.end(claims_.taken(), met_memory_limit_);
    }
    met_memory_limit_ = copies_.await(claims_.taken());
    run.next = end_;
    outbox_.catch_up(run.next);
    timed_count_ = count_of(seat_.slot.verdict.load(std::memory_order_relaxed));
}

/// Between two items, of which so many were run: ends this worker. A replacement continues with
/// what is left of the claim.
void Items::retire(std::uint64_t items) {
    bells_.pay();
    ledger_.note_items(items);
    ledger_.note_rest(os::now_ns());
    reach(Step::retiring, seat_.worker);
    seat_.slot.phase.store(phase::retired, std::memory_order_release);
    reach(Step::retired, seat_.worker);
    finish(seat_);
}

/// What is the same for every claim of the job.
Run Items::make_run() {
    const JobTerms& terms = page_->terms;
    Run run;
    run.closure = terms.closure;
    run.closure_size = terms.closure_size;
    run.input = terms.input;
    run.input_mask = terms.input_mask;
    run.current_ = &seat_.slot.current;
    run.part_word_ = &seat_.slot.part;
    seat_.slot.part.store(detail::no_part, std::memory_order_relaxed);
    run.genuine_ = genuine_;
    run.stride_ = terms.result_stride;
    run.cancelled_ = &page_->cancelled;
    run.host_ = this;
    timed_ = terms.timeout_ns != 0 || page_->guarded;
    if (terms.accounted) {
        run.started_ = timed_ ? nullptr : &seat_.slot.started;  // else begin_checked() writes it
        std::tie(run.retried_, run.tries_) = seat_.retried_of(run_serial_);
    }
    return run;
}

/// Runs the items that the open frame has room for. An exception fails the item that threw it.
void Items::call_thunk(Run& run, KnownJob& known) {
    try {
        prepare(run.next, known);
    } catch (const Stolen&) {
        thrown_at_.clear();
        return;
    } catch (...) {
        end_if_its_thread_ends();
        // No item can run, nor in a replacement.
        keep_from(run.next);
        preparing_ = true;
        while (run.next < run.last) {
            run.fail(run.next++);
        }
        preparing_ = false;
        thrown_at_.clear();
        return;
    }
    run.prepared = known.prepared;
    ThunkCall call{known.thunk, run};
    while (run.next < run.last) {
        try {
            trace::call_watching_throws(call_thunk_of, &call, thrown_at_);
            return;
        } catch (const Stolen&) {
            thrown_at_.clear();
            return;
        } catch (...) {
            end_if_its_thread_ends();
            run.fail(run.next++);
        }
    }
}

/// Makes the job ready to run here. Decoding its callable is a part of the first item: it may crash
/// or take for ever.
void Items::prepare(std::uint64_t item, KnownJob& known) {
    if (no_copy_ != nullptr) {
        std::rethrow_exception(std::exchange(no_copy_, nullptr));
    }
    known_.make_writable(known, page_->terms);
    if (!KnownJobs::is_to_be_decoded(known, page_->terms)) {
        return;
    }
    run_.part_ = page_->terms.parts == 0 ? detail::no_part : item * page_->terms.parts;
    begin_checked(item);
    reach(Step::preparing, seat_.worker);
    struct Call {
        KnownJob& known;
        const JobTerms& terms;
    };
    Call call{known, page_->terms};
    trace::call_watching_throws(
        [](void* argument) {
            const auto& [job, terms] = *static_cast<Call*>(argument);
            KnownJobs::decode(job, terms);
        },
        &call, thrown_at_);
    begun_ = run_.timed_;
    reach(Step::prepared, seat_.worker);
}

void Items::begin_checked(std::uint64_t item) {
    if (std::exchange(begun_, false)) {
        return;  // with the decoding of the callable
    }
    if (page_->cancelled.load(std::memory_order_relaxed) != 0 ||
        (page_->terms.fail_fast && !page_->terms.finishes_claimed &&
         claims_.is_closed_by_worker())) {
        throw Cancelled();
    }
    Slot& slot = seat_.slot;
    slot.part.store(run_.part_, std::memory_order_relaxed);
    // First, so that a worker condemned from here on is condemned for this item.
    slot.current.store(running(item), std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (run_.thefts_->load(std::memory_order_relaxed) != run_.thefts_seen_) {
        look_at_thefts(item);
    }
    if (page_->terms.timeout_ns != 0 || page_->terms.accounted) {
        slot.started.store(os::now_ns(), std::memory_order_relaxed);
    }
    if (page_->terms.timeout_ns != 0) {
        timed_count_ = count_of(slot.verdict.load(std::memory_order_relaxed)) + 1;
        timed_item_ = item;
        slot.verdict.store(verdict(timed_count_, Verdict::running, item),
                           std::memory_order_release);
    }
    if (page_->guarded) {
        forbid_writing_own(seat_.layout, seat_.worker);
    }
}

void Items::watch_thefts(const Claim& claim) {
    const JobTerms& terms = page_->terms;
    // A part that was stolen ends when a worker closes its job: nobody else looks.
    run_.timed_ = timed_ || (claim.source != 0 && terms.fail_fast && !terms.finishes_claimed);
    const bool may_lose = claim.end - claim.begin > 1;
    run_.thefts_ = may_lose ? &thefts_.word() : &Run::no_thefts;
    run_.thefts_seen_ = may_lose ? thefts_.seen() : 0;
}

/// `item` is about to start, `current` says so. Another worker may have stolen it.
void Items::look_at_thefts(std::uint64_t item) {
    if (lose_from(item)) {
        throw Stolen();
    }
}

/// Ends the claim where others stole from it. True if `item`, about to start, is theirs.
bool Items::lose_from(std::uint64_t item) {
    const Claim& claim = claims_.taken();
    cut_at(thefts_.end_at(claim, item - claim.shift));
    run_.thefts_seen_ = thefts_.seen();
    return end_ <= item;
}

/// Nothing from this item on will be stolen, as some of it will not start one by one.
void Items::keep_from(std::uint64_t item) {
    const Claim& claim = claims_.taken();
    cut_at(thefts_.shut(claim, item - claim.shift));
}

void Items::cut_at(std::uint64_t position) {
    end_ = std::min(end_, position + claims_.taken().shift);
    run_.last = std::min(run_.last, end_);
}

void Items::end_checked() {
    end_if_copy();
    if (page_->guarded) {
        allow_writing_own(seat_.layout, seat_.worker);
    }
    if (page_->terms.timeout_ns != 0) {
        std::uint64_t expected = verdict(timed_count_, Verdict::running, timed_item_);
        if (!seat_.slot.verdict.compare_exchange_strong(
                expected, verdict(timed_count_, Verdict::finished, timed_item_)) &&
            state_of(expected) == Verdict::condemned) {
            os::wait_to_be_killed();  // too late: the fork server is about to kill it
        }
    }
}

void Items::emit(Run& run, std::span<const std::byte> bytes) { outbox_.emit(run.next, bytes); }

/// The reason to close a job is published first: whoever finds it closed finds the reason, too.
/// What comes behind a find in this claim is not run: the thunk says so of all that is in the
/// frame.
void Items::stop() {
    to_close_ = true;
    keep_from(run_.next + 1);
}

/// Is the memory limit the cause? Not if the request was too large for any worker, or if the
/// exception came from a pool that the task uses.
bool Items::is_memory_limit(const std::bad_alloc& exception) const {
    return seat_.pool.memory_limit != 0 && !preparing_ &&
           dynamic_cast<const std::bad_array_new_length*>(&exception) == nullptr &&
           dynamic_cast<const TaskFailure*>(&exception) == nullptr;
}

/// Call it in a catch block.
Items::Outcome Items::outcome_in_flight(std::uint64_t item) {
    const std::chrono::nanoseconds duration(run_.take_run_time(os::now_ns()));
    const auto encoded = [&](std::string_view note) {
        return encode_current_exception(item, os::own_pid(), trace::written_if_possible(thrown_at_),
                                        note, duration, static_cast<int>(run_.attempts(item)),
                                        run_.part_);
    };
    Outcome outcome;
    try {
        throw;
    } catch (const Cancelled&) {
        outcome.cancelled = true;
    } catch (const std::bad_alloc& exception) {
        outcome.met_memory_limit = is_memory_limit(exception);
        outcome.failure = encoded(outcome.met_memory_limit ? beyond_memory_limit : "");
    } catch (...) {
        outcome.failure = encoded("");
    }
    return outcome;
}

void Items::fail(Run& run, std::uint64_t item) {
    const Outcome outcome = outcome_in_flight(item);
    Slot& slot = seat_.slot;
    begun_ = false;
    if (!preparing_) {
        thrown_at_.clear();
    }
    if (outcome.cancelled) {
        slot.current.store(resting_at(item), std::memory_order_release);
    } else {
        if (slot.current.load(std::memory_order_relaxed) != running(item)) {
            // It was thrown before the item began.
            slot.current.store(running(item), std::memory_order_release);
            std::atomic_signal_fence(std::memory_order_seq_cst);
            if (lose_from(item)) {
                run.next = item;
                return;
            }
            slot.verdict.store(verdict(timed_count_, Verdict::finished, item),
                               std::memory_order_release);
        }
        end_checked();
    }
    outbox_.close(item);
    if (!outcome.cancelled) {
        outbox_.publish_failure(item, outcome.failure);
        ++item;
        if (page_->terms.fail_fast) {
            claims_.close_job();
        }
    }
    if (outcome.cancelled || page_->terms.fail_fast) {
        keep_from(item);
        skipped_ = end_ - item;
        outbox_.publish_skipped(item, end_);
        run.next = run.last = end_;
    }
    if (outcome.met_memory_limit && !in_copy_) {
        // What earlier items leaked must not fail any more of them.
        retire(item - claims_.taken().first_item());
    }
    met_memory_limit_ |= outcome.met_memory_limit;
    if (run.next < run.last) {
        run.output_ = outbox_.open(run.next, run.last);
    } else {
        outbox_.skip_to(run.next);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
