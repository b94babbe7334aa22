#include "engine/worker/rest.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "engine/shared/steps.hpp"
#include "engine/shared/times.hpp"
#include "os/cpus.hpp"
#include "os/futex.hpp"
#include "os/output.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void Rest::until_called(std::uint32_t doorbell, std::uint64_t ended) {
    doorbell_ = doorbell;
    if (hungry_) {
        if (!ledger_.is_waiting()) {
            ledger_.note_rest(os::now_ns());
        }
        clean_up();
        stay_hungry();
        return;
    }
    const bool woke_client = bells_.take_woke_client();
    const bool answered_after_rest = bells_.take_answered_after_rest();
    // Telling a client that was not parked takes no time.
    const bool is_now = ended != 0 && !woke_client && !answered_after_rest;
    const std::uint64_t now = is_now ? ended : os::now_ns();
    if (!ledger_.is_waiting()) {
        ledger_.note_rest(now);
    }
    if (std::exchange(worked_, false)) {
        began_ = now;
    } else {
        length_ = 0;  // nobody called, or another worker was faster
    }
    // A client that was just woken takes some time to come back with the next call.
    const std::uint64_t longest = (woke_client ? 4 : 1) * seat_.pool.spin_ns;
    if (spin(now + longest, !answered_after_rest)) {
        return;
    }
    clean_up();
    park();
}

void Rest::clean_up() {
    os::flush_output();
    leftovers_.reap();
    reach(Step::parking, seat_.worker);
}

/// Parks until a call comes. If calls have a beat, parks until shortly before the next one is due,
/// and then spins for it.
void Rest::park() {
    // Only the first worker learns a beat, since it is the one that is called after a rest.
    const bool learns = seat_.worker == 0 && seat_.pool.spin_ns != 0 && !seat_.pool.own_tokens;
    if (learns && length_ != 0) {
        beat_.note(std::exchange(length_, 0));
    }
    if (look_at_next_beat()) {
        return;
    }
    if (grow_hungry()) {
        return;
    }
    if (look_out()) {
        return;
    }
    if (!called()) {
        park_until(os::no_timeout);
    }
    fetch_what_a_claim_needs();
    note_woken();
    if (learns) {
        length_ = os::now_ns() - began_;
    }
}

/// If the next call is expected, parks until shortly before it and then spins for it. True if that
/// ended the rest: the call came while spinning, or something else woke the worker.
bool Rest::look_at_next_beat() {
    const std::optional<wait::Beat::Watch> watch = beat_.next();
    const std::uint64_t due = watch ? began_ + watch->begin : 0;
    if (due <= os::now_ns()) {
        return false;
    }
    park_until(due);
    const std::uint64_t now = os::now_ns();
    if (called()) {
        beat_.call_was_first(now > due ? now - due : 0);
        return false;
    }
    if (now < due) {
        return true;  // woken for nothing
    }
    beat_.timer_was_late(now - due);
    fetch_what_a_claim_needs();
    if (!spin(began_ + watch->end, false)) {
        return false;
    }
    length_ = os::now_ns() - began_;
    return true;
}

/// While there is an active job, parks for a while. True if that job has gone on for long without
/// this worker, whatever else was called meanwhile: then it steals. Short calls one after the other
/// are no reason: each is another job.
bool Rest::grow_hungry() {
    // Where there are many workers, those that look up must not take the CPUs of those that work.
    const std::uint64_t longest_patience_ns =
        std::max(2 * os::ms, seat_.pool.workers * 50 * os::us);
    while (seat_.pool.workers > 1) {
        const std::uint64_t oldest = seat_.oldest_job();
        if (oldest == 0) {
            return false;
        }
        const std::uint64_t now = os::now_ns();
        if (oldest != oldest_) {
            oldest_ = oldest;
            oldest_until_ = now + patience_ns_;
            patience_ns_ = std::min(2 * patience_ns_, longest_patience_ns);
        } else if (now >= oldest_until_) {
            patience_ns_ = first_patience_ns;
            pause_ns_ = first_patience_ns;
            hungry_ = true;
            return true;
        }
        if (called()) {
            return false;
        }
        park_until(oldest_until_);
    }
    return false;
}

/// Where the program pays for it, spins for long, if no other worker does (PoolOptions::spin). True
/// if a call came.
bool Rest::look_out() {
    constexpr std::uint64_t turn = 10 * os::ms;  // tokens are taken away from those who spin longer
    std::uint64_t now = os::now_ns();
    const std::uint64_t until = now + std::min(seat_.pool.lookout_ns, ~std::uint64_t{0} - now);
    for (; now < until && !called() && seat_.oldest_job() == 0; now = os::now_ns()) {
        if (seat_.layout.tokens().has_one(seat_.pool.pool, seat_.pool.tokens)) {
            return false;
        }
        if (spin(std::min(until, now + turn), true)) {
            return true;
        }
    }
    return false;
}

/// There was nothing to steal. Parks until the next look, which comes twice as late each time.
void Rest::stay_hungry() {
    park_until(os::now_ns() + pause_ns_);
    pause_ns_ = std::min(2 * pause_ns_, longest_pause_ns);
    if (called()) {
        fetch_what_a_claim_needs();
        note_woken();
        pause_ns_ = first_patience_ns;
    }
    if (seat_.oldest_job() != oldest_) {
        hungry_ = false;
        worked_ = true;  // the rest begins anew
    }
}

void Rest::note_woken() {
    bells_.note_woken();
    ledger_.note_wake();
}

void Rest::park_until(std::uint64_t time) const {
    os::futex_wait_as(seat_.worker == 0 ? first_worker : other_workers, seat_.common.doorbell,
                      doorbell_, time);
}

bool Rest::called() const {
    return seat_.common.doorbell.load(std::memory_order_seq_cst) != doorbell_;
}

/// If there is a spin token, spins for a call until then. True if one came. `may_part`: may move
/// away from the CPU on which a client waits for it.
bool Rest::spin(std::uint64_t until, bool may_part) {
    wait::SpinTokens& tokens = seat_.layout.tokens();
    const auto token = tokens.take({seat_.pool.pool, seat_.worker}, seat_.pool.tokens);
    if (!token) {
        return false;
    }
    reach(Step::token_taken, seat_.worker);
    if (may_part) {
        part_from_caller();
    }
    std::uint64_t now = 0;
    wait::spin_until(until, [this] { return called(); }, now);
    tokens.give_back(*token);
    reach(Step::token_returned, seat_.worker);
    const std::uint32_t rung = seat_.common.doorbell.load(std::memory_order_seq_cst) - doorbell_;
    ledger_.note_call(rung != 0 ? now : 0);
    if (rung > 1) {
        // Several jobs came while the token kept their clients from waking anyone. This worker
        // takes one of them.
        os::futex_wake(seat_.common.doorbell,
                       static_cast<int>(std::min<std::uint32_t>(rung - 1, max_workers)));
    }
    return rung != 0;
}

/// After a rest none of this is in any cache. Of the jobs, the first page and its words: a client
/// uses the lowest free page.
void Rest::fetch_what_a_claim_needs() const {
    wait::fetch(own_.data(), own_.size());
    wait::fetch(&seat_.pool, offsetof(PoolPage, active) + 2 * cache_line);
    wait::fetch(&seat_.layout.job(0), offsetof(JobPage, payload));
    wait::fetch(&seat_.layout.words(0), sizeof(JobWords));
    wait::fetch(&seat_.common.doorbell, cache_line);
    wait::fetch(&seat_.layout.thefts(seat_.worker), sizeof(TheftWords));
    wait::fetch(&seat_.slot, offsetof(Slot, evidence));
    outbox_.fetch_tail();
}

/// A client and a worker on the same CPU take turns instead of running side by side, until the
/// scheduler notices. After a few such calls the worker moves to another CPU. Not for calls after a
/// rest: a worker that wakes on the CPU of its caller answers those soonest.
void Rest::part_from_caller() {
    constexpr int calls_borne = 4;
    const int caller = seat_.pool.caller_cpu.load(std::memory_order_relaxed);
    if (caller == -1 || caller != os::own_cpu()) {
        calls_on_shared_cpu_ = 0;
    } else if (++calls_on_shared_cpu_ > calls_borne) {
        calls_on_shared_cpu_ = 0;
        os::leave_cpu(caller);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
