#include "engine/client/calls.hpp"

#include <algorithm>
#include <utility>

#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/cpus.hpp"
#include "os/futex.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Calls::Calls(const Layout& layout, const ForkServer& server, bool spins)
    : layout_(layout), server_(server), spin_ns_(spins ? client_spin : 0) {}

bool Calls::call_workers(std::uint64_t items, bool waited) const {
    PoolPage& pool = layout_.pool();
    layout_.common().doorbell.fetch_add(1, std::memory_order_seq_cst);
    const bool spinner = layout_.tokens().has_one(pool.pool, pool.tokens);
    if (waited) {
        if (!spinner && !os::futex_wake_one(first_worker, layout_.common().doorbell)) {
            os::futex_wake(layout_.common().doorbell, 1);
        }
    } else if (!spinner || items > 1) {
        os::futex_wake(layout_.common().doorbell, static_cast<int>(std::min(items, pool.workers)));
    }
    return spinner;
}

void Calls::call_workers_of_fed(Job& job, std::uint64_t items, std::uint64_t now) const {
    const bool quick = job.called == Job::Called::few && now - job.fed_ns < first_park;
    job.fed_ns = now;
    job.had_spinner = call_workers(items, quick);
}

void Calls::escalate(Job& job) const {
    const std::uint64_t undone = job.count - job.done.total();
    const bool takers_too = job.called == Job::Called::claimers;
    job.called = job.called == Job::Called::few && undone > 1 ? Job::Called::claimers
                                                              : Job::Called::everybody;
    job.nudged_ns = os::now_ns();
    server_.call();
    const std::size_t index = job.postings.back().page;
    const ClaimWord word{layout_.words(index).claim.load(std::memory_order_acquire)};
    const std::uint64_t limit = layout_.job(index).limit.load(std::memory_order_relaxed);
    // Items that are claimed may be stolen, but the one that runs. Who was called once for that
    // looks by itself.
    const std::uint64_t unclaimed = limit - std::min(word.next(), limit);
    if (const std::uint64_t help = std::max(unclaimed, takers_too && undone > 1 ? undone - 1 : 0);
        help != 0) {
        os::futex_wake(layout_.common().doorbell,
                       static_cast<int>(std::min(help, layout_.pool().workers)));
    }
}

bool Calls::may_escalate(const Job& job) {
    return job.called != Job::Called::everybody && os::now_ns() - job.nudged_ns >= first_park;
}

/// For a worker that spins on another CPU, spins without yielding, for the few microseconds that
/// its answer takes. For one that was woken, yields the CPU at every turn: that worker may run on
/// this very CPU.
bool Calls::watch(const os::FutexWord& bell, std::uint32_t heard, bool had_spinner,
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
        until = now + (had_spinner ? 1 : 3) * spin_ns_;
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
    caller_cpu.store(os::own_cpu(), std::memory_order_relaxed);  // see Rest::part_from_caller
    return wait::spin_until(until, happened);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
