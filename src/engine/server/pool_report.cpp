#include "engine/server/pool_report.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

#include "engine/server/bells.hpp"
#include "os/clock.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

PoolReport::PoolReport(const Layout& layout, Places& places) : layout_(layout), places_(places) {
    if (PoolPage& pool = layout.pool(); pool.has_timeline) {
        timeline_ = TimelineWriter(layout.server_records(), pool.server_records_head,
                                   pool.timeline_quantum_ns);
    }
}

void PoolReport::announce(ServerState state, int error) const {
    ServerPage& page = layout_.server();
    page.error.store(error, std::memory_order_relaxed);
    page.state_word.store(static_cast<std::uint32_t>(state), std::memory_order_seq_cst);
    os::futex_wake(page.state_word, 1 << 30);
}

void PoolReport::announce_end() const {
    announce(ServerState::ended, layout_.server().error.load(std::memory_order_relaxed));
}

void PoolReport::break_pool(int error) {
    broken_ = true;
    places_.kill_all();
    announce(ServerState::broken, error);
    ring_everyone(layout_);
}

void PoolReport::note_fork(int worker, std::uint64_t began) {
    if (timeline_) {
        timeline_.add({.began = began,
                       .ended = os::now_ns(),
                       .first = static_cast<std::uint64_t>(worker),
                       .pid = os::own_pid(),
                       .kind = RecordKind::fork});
    }
}

void PoolReport::note_death(pid_t worker, const os::Ending& ending, std::uint64_t item,
                            std::uint64_t tries) {
    if (!timeline_) {
        return;
    }
    std::array<char, 64> end{};
    std::snprintf(end.data(), end.size(),
                  ending.signal != 0 ? "died of signal %d" : "exited with status %d",
                  ending.signal != 0 ? ending.signal : ending.status);
    std::array<char, TimelineRecord::longest_text> text{};
    if (tries == 0) {
        std::snprintf(text.data(), text.size(), "worker %d %s; it ran no item", worker, end.data());
    } else {
        std::snprintf(text.data(), text.size(),
                      "item %llu: worker %d %s in try %llu, and it is tried again",
                      static_cast<unsigned long long>(item), worker, end.data(),
                      static_cast<unsigned long long>(tries));
    }
    const std::uint64_t now = os::now_ns();
    TimelineRecord record{.began = now,
                          .ended = now,
                          .first = item,
                          .count = tries == 0 ? 0U : 1U,
                          .pid = worker,
                          .kind = RecordKind::death};
    record.set_text(text.data());
    timeline_.add(record);
}

/// What a dead worker wrote is believed as far as it is possible: nothing it counted grows faster
/// than by one a nanosecond.
void PoolReport::note_end(int worker, const Recovery::Finding& finding, bool by_plan) const {
    ServerPage& server = layout_.server();
    ServerLine& line = layout_.server_line(worker);
    WorkerCounts& counts = layout_.slot(worker).counts;
    const std::uint64_t now = os::now_ns();
    const std::uint64_t longest = now - line.born_ns.load(std::memory_order_relaxed);
    const Totals before = line.carried.read();
    Totals totals = counts.totals.read();
    const Activity last{counts.activity.load(std::memory_order_relaxed)};
    if (const std::uint64_t since = now - last.since_ns(); since <= longest) {
        (last.works() ? totals.busy_ns : totals.waiting_ns) += since;
    }
    if (finding.state == Recovery::State::held && !finding.retired) {
        totals.items += finding.item - finding.claim.first_item();
    }
    const auto possible = [&](std::uint64_t then, std::uint64_t told) {
        return told - then <= longest ? told : then;
    };
    totals = {possible(before.items, totals.items), possible(before.busy_ns, totals.busy_ns),
              possible(before.waiting_ns, totals.waiting_ns), possible(before.wakes, totals.wakes)};
    line.carried.write(totals);
    counts.totals.write(totals);
    counts.activity.store(0, std::memory_order_release);
    if (finding.timed_out) {
        server.timeouts.fetch_add(1, std::memory_order_relaxed);
    }
    if (!by_plan) {
        line.deaths.fetch_add(1, std::memory_order_relaxed);
        server.deaths.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
