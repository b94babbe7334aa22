#include "engine/worker/items.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <new>
#include <utility>

#include "engine/shared/steps.hpp"
#include "engine/worker/write_rights.hpp"
#include "os/clock.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "trace/crash.hpp"
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

/// Call it in a catch block. If no C++ exception is in flight, the only thread of this worker is
/// ending (pthread_exit, pthread_cancel). Then the worker ends here, before the unwinding reaches
/// frames that are not its own, and leaves the reason for the fork server.
void end_if_its_thread_ends() {
    if (std::current_exception() != nullptr) {
        return;
    }
    trace::say_before_exit("it called pthread_exit, or its thread was cancelled: return instead");
    os::flush_output();
    os::end_process(EXIT_FAILURE);
}

/// What a worker that gives items back keeps takes about as long as another one takes to wake.
constexpr std::uint64_t wake_ns = 200'000;

struct ThunkCall {
    Thunk thunk;
    Run& run;
};

[[gnu::hot]] void call_thunk_of(void* call) {
    static_cast<ThunkCall*>(call)->thunk(static_cast<ThunkCall*>(call)->run);
}

/// A process that the task forked is a copy of the worker: it must not publish anything.
void end_if_copy() {
    if (os::worker_mark().load(std::memory_order_relaxed) == 0) {
        os::end_process(0);
    }
}

}  // namespace

Items::Items(const Seat& seat, Bells& bells, KnownJobs& known, ClaimClock& clock, Claims& claims,
             Outbox& outbox, Lifetime& lifetime, Offers& offers)
    : seat_(seat),
      bells_(bells),
      known_(known),
      clock_(clock),
      claims_(claims),
      outbox_(outbox),
      lifetime_(lifetime),
      offers_(offers),
      genuine_(&os::worker_mark()) {}

void Items::run_taken() {
    const Claim& claim = claims_.taken();
    page_ = &seat_.layout.job(claim.job);
    KnownJob& known = claims_.known_job();
    const bool adaptive = page_->terms.chunksize == 0;
    const std::uint64_t began = adaptive ? clock_.begin() : 0;

    outbox_.begin_claim(claim, *page_);
    if (run_serial_ != claim.serial) {
        run_serial_ = claim.serial;
        run_ = make_run();
    }
    Run& run = run_;
    run.next = claim.first_item();
    if (claim.end - claim.begin < 2) {
        run.asked_ = run.cancelled_;  // nothing of it can be given back
    } else {
        run.asked_ = claim.source == 0 ? asked_ : &Run::somebody_asks;
    }
    // An inherited claim may have more items than this worker has left to run.
    end_ = last_end_ = claim.first_item() + lifetime_.cut(claim.end - claim.begin);
    timing_since_ = began;
    timing_from_ = run.next;
    while (run.next < end_ || (offers_.is_open() && take_back())) {
        run.last = end_;
        run.output_ = outbox_.open(run.next, run.last);
        frame_last_ = run.last;
        call_thunk(run, known);
        seat_.slot.current.store(resting_at(run.next), std::memory_order_release);
        reach(Step::item_written, seat_.worker);
        // After this frame comes a claim: its word is fetched while the frame is written.
        wait::fetch_for_writing(&seat_.layout.words(claim.job).claim);
        outbox_.close(run.next);
        if (std::exchange(to_close_, false)) {
            claims_.close_job();
        }
    }
    const std::uint64_t count = run.next - claim.first_item();
    if (lifetime_.spend(count)) {
        retire();
    }
    seat_.slot.phase.store(phase::idle, std::memory_order_release);
    reach(Step::claim_released, seat_.worker);
    if (adaptive) {
        known.chunk.learn(count, clock_.end(began));
    }
    if (known.writable != nullptr && seat_.handed_out(claim.job)) {
        known_.make_read_only(known);
    }
    page_ = nullptr;
}

/// Between two items: ends this worker. A replacement continues with what is left of the claim.
void Items::retire() {
    bells_.pay();
    reach(Step::retiring, seat_.worker);
    seat_.slot.phase.store(phase::retired, std::memory_order_release);
    reach(Step::retired, seat_.worker);
    os::end_process(0);
}

/// What is the same for every claim of the job.
Run Items::make_run() {
    const JobTerms& terms = page_->terms;
    Run run;
    run.closure = terms.closure;
    run.closure_size = terms.closure_size;
    run.input = terms.input;
    run.input_mask = terms.input_mask;
    run.region = seat_.layout.region_base();
    run.current_ = &seat_.slot.current;
    run.genuine_ = genuine_;
    run.stride_ = terms.result_stride;
    run.cancelled_ = &page_->cancelled;
    const bool for_all = terms.only_worker < 0 && !page_->guarded && seat_.pool.workers > 1;
    asked_ = for_all ? &seat_.common.asked : run.cancelled_;
    run.timed_ = terms.timeout_ns != 0 || page_->guarded;
    run.host_ = this;
    return run;
}

/// Runs the items that the open frame has room for. An exception fails the item that threw it.
void Items::call_thunk(Run& run, KnownJob& known) {
    try {
        prepare(run.next, known);
    } catch (...) {
        end_if_its_thread_ends();
        // No item can run, nor in a replacement.
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
        } catch (...) {
            end_if_its_thread_ends();
            run.fail(run.next++);
        }
    }
}

/// Makes the job ready to run here. Decoding its callable is a part of the first item: it may crash
/// or take for ever.
void Items::prepare(std::uint64_t item, KnownJob& known) {
    known_.make_writable(known, page_->terms);
    if (!KnownJobs::is_to_be_decoded(known, page_->terms)) {
        return;
    }
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
    if (run_.asked_ != run_.cancelled_ && run_.asked_->load(std::memory_order_relaxed) != 0) {
        give_back(item);
    }
    Slot& slot = seat_.slot;
    // This comes first, so that a worker condemned from here on is condemned for this item, not for
    // the one before.
    slot.current.store(running(item), std::memory_order_release);
    if (page_->terms.timeout_ns != 0) {
        slot.started.store(os::now_ns(), std::memory_order_relaxed);
        timed_count_ = count_of(slot.verdict.load(std::memory_order_relaxed)) + 1;
        timed_item_ = item;
        slot.verdict.store(verdict(timed_count_, Verdict::running, item),
                           std::memory_order_release);
    }
    if (page_->guarded) {
        forbid_writing_own(seat_.layout, seat_.worker);
    }
}

/// Before an item of a claim that takes long: another worker asks for work, or did so at an earlier
/// item. Offers what comes behind the item, but for as much as this worker does while another one
/// wakes.
void Items::give_back(std::uint64_t item) {
    const Claim& claim = claims_.taken();
    if (offers_.is_open() || claim.end_item() - item < 2) {
        return;
    }
    run_.asked_ = &Run::somebody_asks;
    const std::uint64_t now = os::now_ns();
    std::uint64_t kept = 1;
    if (timing_since_ == 0) {
        timing_since_ = now;
        timing_from_ = item;
    } else if (now > timing_since_) {
        kept = std::max<std::uint64_t>(1, (item - timing_from_) * wake_ns / (now - timing_since_));
    }
    if (kept < claim.end_item() - item &&
        offers_.make(claim, item + kept - claim.first_item() + claim.begin)) {
        end_ = std::min(end_, item + kept);
        run_.last = std::min(run_.last, end_);
    }
}

/// Where a claim is split: goes on with the rest if nobody took it. False if there is none.
bool Items::take_back() {
    if (!offers_.take_back(claims_.taken())) {
        return false;
    }
    end_ = last_end_;
    return run_.next < end_;
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
    if (offers_.is_open() && take_back()) {
        run_.last = std::min(frame_last_, end_);
    }
}

std::string Items::thrown_stack() const noexcept {
    try {
        return trace::written(thrown_at_);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

/// Is the memory limit the cause? Not if the request was too large for any worker, or if the
/// exception came from a pool that the task uses.
bool Items::is_memory_limit(const std::bad_alloc& exception) const {
    return seat_.pool.memory_limit != 0 && !preparing_ &&
           dynamic_cast<const std::bad_array_new_length*>(&exception) == nullptr &&
           dynamic_cast<const TaskFailure*>(&exception) == nullptr;
}

/// Call it in a catch block.
Items::Outcome Items::outcome_in_flight(std::uint64_t item) const {
    Outcome outcome;
    try {
        throw;
    } catch (const Cancelled&) {
        outcome.cancelled = true;
    } catch (const std::bad_alloc& exception) {
        outcome.met_memory_limit = is_memory_limit(exception);
        outcome.failure =
            encode_current_exception(item, os::own_pid(), thrown_stack(),
                                     outcome.met_memory_limit ? beyond_memory_limit : "");
    } catch (...) {
        outcome.failure = encode_current_exception(item, os::own_pid(), thrown_stack());
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
        if (offers_.is_open()) {
            static_cast<void>(take_back());
        }
        outbox_.publish_skipped(item, end_);
        run.next = std::max(run.next, end_);
        run.last = run.next;
    }
    if (outcome.met_memory_limit) {
        retire();  // what earlier items leaked must not fail any more of them
    }
    if (run.next < run.last) {
        run.output_ = outbox_.open(run.next, run.last);
        frame_last_ = run.last;
    } else {
        outbox_.skip_to(run.next);
    }
}

void Items::run_initializer() {
    const std::uint64_t incarnation =
        seat_.layout.server_line(seat_.worker).incarnation.load(std::memory_order_relaxed);
    seat_.slot.initializing.store(initializing_seal(seat_.pool.secret, incarnation),
                                  std::memory_order_release);
    try {
        trace::call_watching_throws(
            [](void* pool) {
                const auto& page = *static_cast<const PoolPage*>(pool);
                here(page.initialize)({page.initializer, page.initializer_size});
            },
            &seat_.pool, thrown_at_);
    } catch (...) {
        end_if_its_thread_ends();
        outbox_.publish_initializer_failure(
            encode_current_exception(0, os::own_pid(), thrown_stack()));
        os::end_process(EXIT_FAILURE);
    }
    end_if_copy();
    os::flush_output();
    seat_.slot.initializing.store(0, std::memory_order_release);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
