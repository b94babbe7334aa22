#include <algorithm>
#include <chrono>

#include "engine/client/client.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/cpus.hpp"
#include "os/futex.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Calling workers and waiting for them (docs/protocol.md, part 6).
namespace engine {

/// Rings the doorbell. True if a spinning worker hears it; otherwise parked ones are woken: one for
/// a caller that waits for the answer, as many as there are items for one that does not.
bool Client::call_workers(std::uint64_t items, bool waited) {
    PoolPage& pool = layout_.pool();
    pool.doorbell.fetch_add(1, std::memory_order_seq_cst);
    const bool spinner = layout_.tokens().has_one(pool.pool, pool.tokens);
    if (waited) {
        if (!spinner && !os::futex_wake_one(first_worker, pool.doorbell)) {
            os::futex_wake(pool.doorbell, 1);
        }
    } else if (!spinner || items > 1) {
        os::futex_wake(pool.doorbell, static_cast<int>(std::min(items, pool.workers)));
    }
    return spinner;
}

/// There is work that lasts: the fork server is to see to it that the workers stop when this
/// process does.
void Client::call_server() {
    if (layout_.server().watching.load(std::memory_order_seq_cst) == 0) {
        os::poke(commands_);
    }
}

/// The job takes longer than waking a worker does: calls every worker that can help. Also what a
/// quiet wait does, whatever was believed before: the worker that was seen spinning may have been
/// stopped since.
void Client::escalate(Job& job) {
    job.escalated = true;
    call_server();
    const std::size_t index = job.postings.back().page;
    const ClaimWord word{layout_.words(index).claim.load(std::memory_order_acquire)};
    const std::uint64_t limit = layout_.job(index).limit.load(std::memory_order_relaxed);
    if (word.next() < limit) {
        os::futex_wake(layout_.pool().doorbell,
                       static_cast<int>(std::min(limit - word.next(), layout_.pool().workers)));
    }
}

std::uint64_t Client::arrivals(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    notice_server_death();
    drain();
    return job->done.total();
}

bool Client::resolved(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    notice_server_death();
    drain();
    if (const std::uint64_t now = os::now_ns(); !job->resolved && now - job->nudged_ns > slice) {
        // A program may poll for ever instead of waiting.
        job->nudged_ns = now;
        escalate(*job);
        layout_.tokens().forget_all();
    }
    return job->resolved;
}

/// Looks for news of a job for a while. Against a worker that spins on another CPU: hard, for the
/// few microseconds that its answer takes. Against one that was woken: giving the CPU away at every
/// turn, since it may be woken on this very one. `until`: set by the first watch of a wait, which
/// has its answer before it needs a clock if all goes well.
bool Client::watch(os::FutexWord& bell, std::uint32_t heard, bool had_spinner,
                   std::uint64_t& until) const {
    const auto happened = [&] { return bell.load(std::memory_order_seq_cst) != heard; };
    std::atomic<int>& caller_cpu = layout_.pool().caller_cpu;
    if (!had_spinner) {
        os::yield();
        if (happened()) {
            return true;
        }
    }
    const std::uint64_t now = os::now_ns();
    if (until == 0) {
        until = now + (had_spinner ? 1 : 3) * client_spin_ns_;
    }
    if (!had_spinner) {
        return wait::yield_until(until, happened);
    }
    if (wait::spin_until(std::min(until, now + quick_answer), happened)) {
        if (caller_cpu.load(std::memory_order_relaxed) != -1) {
            caller_cpu.store(-1, std::memory_order_relaxed);
        }
        return true;
    }
    caller_cpu.store(os::own_cpu(), std::memory_order_relaxed);  // see WorkerLoop::part_from_caller
    return wait::spin_until(until, happened);
}

/// Does nothing that may still arrive matter to whoever waits?
bool Client::is_certain(const Job& job) {
    return job.sink != nullptr && job.done.contains_all_before(job.sink->certain_before());
}

/// docs/protocol.md, part 6. Spins only where the answer is microseconds away, then parks on the
/// job's bell, in slices.
bool Client::wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) {
    Lock lock(mutex_);
    int watches = job->waited && client_spin_ns_ != 0 ? most_watches : 0;
    std::uint64_t watch_until = 0;
    for (;;) {
        if (job->resolved) {
            return true;
        }
        const std::size_t index = job->postings.back().page;
        JobPage& page = layout_.job(index);
        os::FutexWord& bell = layout_.words(index).bell;
        const std::uint32_t heard = bell.load(std::memory_order_seq_cst);
        drain();
        if (!job->resolved && closed_by_worker(*job)) {
            close_job(*job, !job->finishes_claimed);
            settle(*job);
        }
        if (job->resolved || job->done.total() > seen || is_certain(*job)) {
            return true;
        }
        if (layout_.server().state() == ServerState::broken) {
            notice_server_death();
            continue;
        }
        std::uint64_t patience = slice;
        if (deadline != Clock::time_point::max()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now())
                    .count();
            if (left <= 0) {
                notice_server_death();  // short waits may be all there are
                return job->resolved;
            }
            patience = std::min(patience, static_cast<std::uint64_t>(left));
        }
        if (watches > 0) {
            lock.unlock();
            const bool rung = watch(bell, heard, job->had_spinner, watch_until);
            lock.lock();
            watches = rung ? watches - 1 : 0;
            if (watches == 0) {
                notice_server_death();
                if (!job->resolved) {
                    escalate(*job);
                }
            }
            continue;
        }
        if (!job->escalated) {
            patience = std::min(patience, first_park);
        }
        page.waiters.fetch_add(1, std::memory_order_seq_cst);
        lock.unlock();
        const std::uint64_t before = os::now_ns();
        os::futex_wait(bell, heard, patience);
        const bool quiet = os::now_ns() - before >= patience;
        lock.lock();
        // The page may serve another job by now; until here it was rung for this thread as well.
        page.waiters.fetch_sub(1, std::memory_order_seq_cst);
        if (quiet) {
            if (!job->resolved) {
                escalate(*job);
            }
            if (patience >= slice) {
                layout_.tokens().forget_all();
                notice_server_death();
            }
        }
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
