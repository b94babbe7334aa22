#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

#include "engine/patience.hpp"
#include "engine/steps.hpp"
#include "engine/worker.hpp"
#include "os/clock.hpp"
#include "os/process.hpp"
#include "ship/output.hpp"
#include "wait/spin.hpp"

/// Calling clients, and waiting for them to call (docs/protocol.md, part 6).
namespace procpool::inline v0_1::detail {

using namespace engine;

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

/// Nothing to do: spin for a while if there is a token, then park (docs/protocol.md, part 6).
void WorkerLoop::idle() {
    for (JobMemory& memory : memory_) {
        if (memory.serial != 0 && (memory.prepared != nullptr || memory.writable != nullptr)) {
            forget(memory);
        }
    }
    auto& tokens = *reinterpret_cast<Tokens*>(layout_.region_base());
    const std::uint64_t mine = pool_.pool << 16U | static_cast<std::uint64_t>(worker_ + 1);
    for (std::size_t i = 0; i < pool_.tokens; ++i) {
        std::uint64_t free = 0;
        if (tokens.holder[i].load(std::memory_order_relaxed) != 0 ||
            !tokens.holder[i].compare_exchange_strong(free, mine)) {
            continue;
        }
        reach(Step::token_taken, worker_);
        // A client that was just woken needs its time to come back with the next call.
        const std::uint64_t until = os::now_ns() + (woke_client_ ? 4 : 1) * pool_.spin_ns;
        woke_client_ = false;
        if (!std::exchange(answered_after_rest_, false)) {
            part_from_caller();
        }
        wait::spin_until(until, [this] {
            return pool_.doorbell.load(std::memory_order_seq_cst) != seen_doorbell_;
        });
        tokens.holder[i].exchange(0, std::memory_order_seq_cst);
        reach(Step::token_returned, worker_);
        const std::uint32_t rung = pool_.doorbell.load(std::memory_order_seq_cst);
        if (rung != seen_doorbell_) {
            if (rung - seen_doorbell_ > 1) {
                // Several jobs came while the token kept their clients from waking anyone, and one
                // worker takes one.
                os::futex_wake(pool_.doorbell, static_cast<int>(std::min<std::uint32_t>(
                                                   rung - seen_doorbell_ - 1, 1000)));
            }
            return;
        }
        break;
    }
    ship::flush_output();
    while (const pid_t orphan = os::next_ended_child()) {
        os::reap(orphan);
    }
    reach(Step::parking, worker_);
    os::futex_wait_as(worker_ == 0 ? first_worker : other_workers, pool_.doorbell, seen_doorbell_);
    fetch_what_a_claim_needs();
    just_woken_ = true;
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

}  // namespace procpool::inline v0_1::detail
