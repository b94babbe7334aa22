#include "engine/worker/ledger.hpp"

#include <algorithm>

#include "engine/shared/timeline.hpp"
#include "os/clock.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Ledger::Ledger(const Seat& seat)
    : seat_(seat),
      totals_(seat.layout.server_line(seat.worker).carried.read()),
      has_timeline_(seat.pool.has_timeline) {
    // The slowest of the workers before it stay there.
    const std::uint64_t longest = os::now_ns() - seat.pool.born_ns;
    for (std::size_t i = 0; i < slowest_kept; ++i) {
        const std::uint64_t ns = seat.slot.slowest[i].ns.load(std::memory_order_relaxed);
        slow_ns_[i] = ns <= longest ? ns : 0;
    }
    least_slow_ns_ = *std::min_element(slow_ns_.begin(), slow_ns_.end());
}

void Ledger::begin() {
    since_ = os::now_ns();
    const ServerLine& line = seat_.layout.server_line(seat_.worker);
    const std::uint64_t born = line.born_ns.load(std::memory_order_relaxed);
    seat_.slot.counts.start_up_ns.store(since_ - born, std::memory_order_relaxed);
    write(false, since_);
    if (has_timeline_) {
        TimelineRecord record{.began = born,
                              .ended = since_,
                              .first = static_cast<std::uint64_t>(seat_.worker),
                              .pid = os::own_pid(),
                              .kind = RecordKind::start};
        own_timeline::add(record);
    }
}

void Ledger::write(bool works, std::uint64_t now) {
    seat_.slot.counts.totals.write(totals_);
    seat_.slot.counts.activity.store(Activity::of(works, now).bits, std::memory_order_release);
}

void Ledger::note_work(std::uint64_t now) {
    if (has_timeline_) [[unlikely]] {
        tell_rest(since_, now);
    }
    totals_.waiting_ns += now - since_;
    since_ = now;
    waits_ = false;
    write(true, now);
}

void Ledger::note_rest(std::uint64_t now) {
    totals_.busy_ns += now - since_;
    since_ = now;
    waits_ = true;
    called_ns_ = 0;
    write(false, now);
}

void Ledger::note_slow(std::uint64_t serial, std::uint64_t first, std::uint64_t count,
                       std::uint64_t spent_ns) {
    if (count == 0) {
        return;  // others stole all of it
    }
    const auto least = std::min_element(slow_ns_.begin(), slow_ns_.end());
    *least = spent_ns;
    SlowWords& words = seat_.slot.slowest[static_cast<std::size_t>(least - slow_ns_.begin())];
    words.ns.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    words.first.store(first, std::memory_order_relaxed);
    words.count.store(count, std::memory_order_relaxed);
    words.serial.store(serial, std::memory_order_relaxed);
    words.ns.store(spent_ns, std::memory_order_release);
    least_slow_ns_ = *std::min_element(slow_ns_.begin(), slow_ns_.end());
}

void Ledger::tell_items(std::uint64_t serial, std::uint64_t first, std::uint64_t count,
                        std::uint64_t began, std::uint64_t ended) {
    own_timeline::add_items(began, ended, first, count, serial);
}

void Ledger::tell_rest(std::uint64_t began, std::uint64_t ended) const {
    if (ended - began >= own_timeline::quantum_ns()) {
        own_timeline::add({.began = began,
                           .ended = ended,
                           .first = static_cast<std::uint64_t>(seat_.worker),
                           .pid = os::own_pid(),
                           .kind = RecordKind::rest});
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
