#include <algorithm>
#include <chrono>

#include "engine/client/client.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/futex.hpp"

/// Waiting for workers (docs/protocol.md, part 6).
PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::uint64_t Client::arrivals(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    look_at_server();
    collect();
    return job->done.total();
}

bool Client::resolved(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    look_at_server();
    collect();
    if (const std::uint64_t now = os::now_ns(); !job->resolved && now - job->nudged_ns > slice) {
        // A program may poll for ever instead of waiting.
        job->nudged_ns = now;
        calls_.escalate(*job);
        layout_.tokens().forget_all();
    }
    return job->resolved;
}

/// Takes in what has arrived: is that what a wait is for?
bool Client::is_over(Job& job, std::uint64_t seen) {
    collect();
    if (!job.resolved && board_.is_closed_by_worker(job)) {
        board_.close(job, !job.finishes_claimed);
        board_.finish_if_complete(job);
    }
    return job.resolved || job.done.total() > seen || job.is_certain();
}

/// Spins only where the answer is microseconds away, then parks on the job's bell, in slices.
bool Client::wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) {
    Lock lock(mutex_);
    int watches = job->waited && calls_.spins() ? most_watches : 0;
    std::uint64_t watch_until = 0;
    for (;;) {
        if (job->resolved) {
            return true;
        }
        const std::size_t index = job->postings.back().page;
        const os::FutexWord& bell = layout_.words(index).bell;
        const std::uint32_t heard = bell.load(std::memory_order_seq_cst);
        if (is_over(*job, seen)) {
            return true;
        }
        if (server_.says_broken()) {
            look_at_server();
            continue;
        }
        std::uint64_t time = job->escalated ? slice : first_park;
        if (deadline != Clock::time_point::max()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now())
                    .count();
            if (left <= 0) {
                look_at_server();  // short waits may be all there are
                return job->resolved;
            }
            time = std::min(time, static_cast<std::uint64_t>(left));
        }
        if (watches > 0) {
            lock.unlock();
            const bool rung = calls_.watch(bell, heard, job->had_spinner, watch_until);
            lock.lock();
            watches = rung ? watches - 1 : 0;
            if (watches == 0) {
                look_at_server();
                if (!job->resolved) {
                    calls_.escalate(*job);
                }
            }
            continue;
        }
        park(lock, *job, index, heard, time);
    }
}

/// Blocks until the bell of the page was rung since `heard`, or for so long.
void Client::park(Lock& lock, Job& job, std::size_t index, std::uint32_t heard,
                  std::uint64_t time) {
    JobPage& page = layout_.job(index);
    page.waiters.fetch_add(1, std::memory_order_seq_cst);
    lock.unlock();
    const std::uint64_t before = os::now_ns();
    os::futex_wait(layout_.words(index).bell, heard, time);
    const bool quiet = os::now_ns() - before >= time;
    lock.lock();
    // The page may serve another job by now; until here it was rung for this thread as well.
    page.waiters.fetch_sub(1, std::memory_order_seq_cst);
    if (!quiet) {
        return;
    }
    if (!job.resolved) {
        calls_.escalate(job);
    }
    if (time >= slice) {
        layout_.tokens().forget_all();
        look_at_server();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
