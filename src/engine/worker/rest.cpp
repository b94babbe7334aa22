#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "engine/shared/steps.hpp"
#include "engine/shared/times.hpp"
#include "engine/worker/worker.hpp"
#include "os/clock.hpp"
#include "os/cpus.hpp"
#include "os/output.hpp"
#include "os/reaping.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Calling clients, and waiting for them to call (docs/protocol.md, part 6).
namespace engine {

/// Rings the bell that is owed, if no other worker will have to: whoever publishes after the last
/// claim rings.
void WorkerLoop::pay_bell() {
    if (owed_job_ == layout_.jobs()) {
        return;
    }
    const std::size_t job = std::exchange(owed_job_, layout_.jobs());
    std::atomic_thread_fence(
        std::memory_order_seq_cst);  // the publication is seen before the claim word is read
    if (handed_out(job)) {
        ring(job);
    }
}

void WorkerLoop::ring(std::size_t job) {
    os::FutexWord& bell = layout_.words(job).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    if (layout_.job(job).waiters.load(std::memory_order_seq_cst) != 0) {
        os::futex_wake(bell, 1 << 30);
        woke_client_ = true;
    }
    if (std::exchange(just_woken_, false)) {
        answered_after_rest_ = true;
        os::yield();  // the client may wait for this very CPU
    }
    reach(Step::bell_rung, worker_);
}

/// The ring is full: calls every waiting client thread, since any of them can empty it.
void WorkerLoop::call_clients() {
    for (std::size_t job = next_active(0); job < layout_.jobs(); job = next_active(job + 1)) {
        ring(job);
    }
}

/// Nothing to do: spins for a while if there is a token, then parks (docs/protocol.md, part 6).
void WorkerLoop::idle() {
    for (JobMemory& memory : memory_) {
        if (memory.serial != 0 && (memory.prepared != nullptr || memory.writable != nullptr)) {
            forget(memory);
        }
    }
    const std::uint64_t now = os::now_ns();
    if (std::exchange(worked_, false)) {
        rest_began_ = now;
    } else {
        rest_ = 0;  // nobody called, or another worker was faster
    }
    // A client that was just woken needs its time to come back with the next call.
    const std::uint64_t spin = (std::exchange(woke_client_, false) ? 4 : 1) * pool_.spin_ns;
    const bool answered_after_rest = std::exchange(answered_after_rest_, false);
    if (spins_for_call(now + spin, !answered_after_rest)) {
        return;
    }
    os::flush_output();
    while (const pid_t orphan = os::next_ended_child()) {
        os::reap(orphan);
    }
    reach(Step::parking, worker_);
    park();
}

/// Parks until a call comes. If the rests have a beat, not after the next call is due: then looks
/// for it.
void WorkerLoop::park() {
    // Only the first worker learns a beat, since it is the one that is called after a rest.
    const bool learns = worker_ == 0 && pool_.spin_ns != 0;
    if (learns && rest_ != 0) {
        beat_.note(std::exchange(rest_, 0));
    }
    const std::optional<wait::Beat::Watch> watch = beat_.next();
    const std::uint64_t due = watch ? rest_began_ + watch->begin : 0;
    if (due > os::now_ns()) {
        park_until(due);
        const std::uint64_t now = os::now_ns();
        if (called()) {
            beat_.call_was_first(now > due ? now - due : 0);
        } else if (now < due) {
            return;  // woken for nothing
        } else {
            beat_.timer_was_late(now - due);
            fetch_what_a_claim_needs();
            if (spins_for_call(rest_began_ + watch->end, false)) {
                rest_ = os::now_ns() - rest_began_;
                return;
            }
        }
    }
    if (!called()) {
        park_until(os::no_timeout);
    }
    fetch_what_a_claim_needs();
    just_woken_ = true;
    if (learns) {
        rest_ = os::now_ns() - rest_began_;
    }
}

void WorkerLoop::park_until(std::uint64_t time) const {
    os::futex_wait_as(worker_ == 0 ? first_worker : other_workers, pool_.doorbell, seen_doorbell_,
                      time);
}

bool WorkerLoop::called() const {
    return pool_.doorbell.load(std::memory_order_seq_cst) != seen_doorbell_;
}

/// If there is a spin token, looks for a call until that time. True if it came. `may_part`: may
/// leave the CPU on which a client waits for it.
bool WorkerLoop::spins_for_call(std::uint64_t until, bool may_part) {
    wait::SpinTokens& tokens = layout_.tokens();
    const auto token = tokens.take({pool_.pool, worker_}, pool_.tokens);
    if (!token) {
        return false;
    }
    reach(Step::token_taken, worker_);
    if (may_part) {
        part_from_caller();
    }
    wait::spin_until(until, [this] { return called(); });
    tokens.give_back(*token);
    reach(Step::token_returned, worker_);
    const std::uint32_t rung = pool_.doorbell.load(std::memory_order_seq_cst) - seen_doorbell_;
    if (rung > 1) {
        // Several jobs came while the token kept their clients from waking anyone, and one worker
        // takes one.
        os::futex_wake(pool_.doorbell, static_cast<int>(std::min<std::uint32_t>(rung - 1, 1000)));
    }
    return rung != 0;
}

/// After a rest none of it is in any cache. The first job page and its words: they are used if they
/// are free.
void WorkerLoop::fetch_what_a_claim_needs() const {
    wait::fetch(this, sizeof *this - sizeof memory_ + sizeof memory_.front());
    wait::fetch(&pool_, offsetof(PoolPage, active) + cache_line);
    wait::fetch(&layout_.job(0), offsetof(JobPage, payload));
    wait::fetch(&layout_.words(0), sizeof(JobWords));
    wait::fetch(&slot_, offsetof(Slot, evidence));
    ring_.fetch_tail();
}

/// A client and its worker that share a CPU take turns instead of working side by side, until the
/// scheduler notices. After a few calls of that kind the worker goes elsewhere. Not for calls after
/// a rest: those are answered soonest by a worker that wakes where its caller is awake already.
void WorkerLoop::part_from_caller() {
    constexpr int patience = 4;
    const int caller = pool_.caller_cpu.load(std::memory_order_relaxed);
    if (caller == -1 || caller != os::own_cpu()) {
        calls_on_shared_cpu_ = 0;
    } else if (++calls_on_shared_cpu_ > patience) {
        calls_on_shared_cpu_ = 0;
        os::leave_cpu(caller);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
