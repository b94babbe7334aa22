#include "engine/client/pool_counts.hpp"

#include <algorithm>
#include <atomic>

#include "engine/shared/counts.hpp"
#include "os/clock.hpp"
#include "os/process_table.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

constexpr auto is_slower = [](const SlowItem& a, const SlowItem& b) {
    return a.duration > b.duration;
};

/// Never negative, whatever a task wrote there.
std::chrono::nanoseconds time(std::uint64_t ns) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(ns & ~(std::uint64_t{1} << 63U)));
}

/// Of one moment, if the worker does not go on in the middle of it again and again.
WorkerStats read(const WorkerCounts& counts, std::uint64_t born, std::uint64_t now) {
    constexpr int most_looks = 4;
    WorkerStats stats;
    for (int look = 0; look < most_looks; ++look) {
        const Activity activity{counts.activity.load(std::memory_order_acquire)};
        Totals totals = counts.totals.read();
        std::atomic_thread_fence(std::memory_order_acquire);
        if (const std::uint64_t since = activity.since_ns();
            activity.bits != 0 && since >= born && since <= now) {
            stats.is_busy = activity.works();
            (activity.works() ? totals.busy_ns : totals.waiting_ns) += now - since;
        }
        stats.items = totals.items;
        stats.busy = time(totals.busy_ns);
        stats.waiting = time(totals.waiting_ns);
        stats.wakes = totals.wakes;
        if (counts.activity.load(std::memory_order_relaxed) == activity.bits) {
            break;
        }
    }
    stats.start_up = time(counts.start_up_ns.load(std::memory_order_relaxed));
    return stats;
}

void read_slowest(const SlowestWords& all, int worker, std::uint64_t longest,
                  std::vector<SlowItem>& slowest) {
    for (const SlowWords& words : all) {
        const std::uint64_t ns = words.ns.load(std::memory_order_acquire);
        const SlowItem item{.index = words.first.load(std::memory_order_relaxed),
                            .count = words.count.load(std::memory_order_relaxed),
                            .call = words.serial.load(std::memory_order_relaxed),
                            .duration = time(ns),
                            .worker = worker};
        std::atomic_thread_fence(std::memory_order_acquire);
        const bool is_whole = words.ns.load(std::memory_order_relaxed) == ns;
        if (is_whole && ns != 0 && ns <= longest) {
            add_slow(slowest, item);
        }
    }
}

}  // namespace

void add_slow(std::vector<SlowItem>& slowest, const SlowItem& item) {
    if (slowest.size() < slowest_kept) {
        slowest.push_back(item);
        return;
    }
    const auto least = std::max_element(slowest.begin(), slowest.end(), is_slower);
    if (is_slower(item, *least)) {
        *least = item;
    }
}

void sort_slowest(std::vector<SlowItem>& slowest) {
    std::sort(slowest.begin(), slowest.end(), is_slower);
}

void look_up_memory(std::vector<WorkerStats>& workers) {
    for (WorkerStats& worker : workers) {
        worker.memory = worker.pid != 0 ? os::private_memory_of(worker.pid) : 0;
    }
}

PoolStats counts_of(const Layout& layout, const ForkServer& server, const JobBoard& board,
                    const Inbox& inbox) {
    const ServerPage& page = layout.server();
    const std::uint64_t born = layout.pool().born_ns;
    const std::uint64_t now = server.ended_ns() != 0 ? server.ended_ns() : os::now_ns();
    PoolStats stats;
    stats.workers.reserve(static_cast<std::size_t>(layout.workers()));
    stats.slowest.reserve(slowest_kept);
    for (int worker = 0; worker < layout.workers(); ++worker) {
        const Slot& slot = layout.slot(worker);
        const ServerLine& line = layout.server_line(worker);
        WorkerStats& one = stats.workers.emplace_back(read(slot.counts, born, now));
        one.worker = worker;
        one.pid = server.worker_pid(worker);
        one.deaths = line.deaths.load(std::memory_order_relaxed);
        stats.wakes += one.wakes;
        const std::uint64_t held = line.incarnation.load(std::memory_order_relaxed);
        stats.replaced += held > 1 ? held - 1 : 0;
        read_slowest(slot.slowest, worker, now - born, stats.slowest);
    }
    sort_slowest(stats.slowest);
    stats.deaths = page.deaths.load(std::memory_order_relaxed);
    stats.retries = page.retries.load(std::memory_order_relaxed);
    stats.timeouts = page.timeouts.load(std::memory_order_relaxed);
    stats.calls = board.unresolved();
    stats.queued = board.queued();
    stats.done = inbox.done();
    stats.failed = inbox.failed();
    return stats;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
