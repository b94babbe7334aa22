#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/counts.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Counts what this worker does, for stats() and the timeline. It counts in its own memory and
/// copies the counts into its slot, so what a task writes there is soon written over.
class Ledger {
public:
    explicit Ledger(const Seat& seat);

    /// The worker is about to look for work for the first time.
    void begin();

    /// Does it wait for work?
    [[nodiscard]] bool is_waiting() const { return waits_; }
    /// It has taken something to do at that time.
    [[gnu::hot]] void note_work(std::uint64_t now);
    /// It has had nothing to do since that time.
    [[gnu::hot]] void note_rest(std::uint64_t now);
    /// A call came about then, within a microsecond; 0: that is not known.
    void note_call(std::uint64_t about_ns) { called_ns_ = about_ns; }
    [[nodiscard]] std::uint64_t called_at() const { return called_ns_; }
    /// A client woke it.
    void note_wake() { ++totals_.wakes; }

    /// So many items were run, of a claim whose time is not known. The slot is told of them later:
    /// at the next one that is timed, or rest.
    void note_items(std::uint64_t count) { totals_.items += count; }
    /// The same of a claim that is: of these items.
    void note_items(std::uint64_t serial, std::uint64_t first, std::uint64_t count,
                    std::uint64_t began, std::uint64_t ended) {
        note_items(count);
        seat_.slot.counts.totals.items.store(totals_.items, std::memory_order_relaxed);
        if (ended - began > least_slow_ns_) [[unlikely]] {
            note_slow(serial, first, count, ended - began);
        }
        if (has_timeline_) [[unlikely]] {
            tell_items(serial, first, count, began, ended);
        }
    }

    /// Is every claim to be timed?
    [[nodiscard]] bool has_timeline() const { return has_timeline_; }

private:
    [[gnu::cold]] void note_slow(std::uint64_t serial, std::uint64_t first, std::uint64_t count,
                                 std::uint64_t spent_ns);
    [[gnu::cold]] static void tell_items(std::uint64_t serial, std::uint64_t first,
                                         std::uint64_t count, std::uint64_t began,
                                         std::uint64_t ended);
    [[gnu::cold]] void tell_rest(std::uint64_t began, std::uint64_t ended) const;
    [[gnu::hot]] void write(bool works, std::uint64_t now);

    const Seat& seat_;
    Totals totals_;
    std::uint64_t since_ = 0;
    std::uint64_t called_ns_ = 0;
    std::uint64_t least_slow_ns_ = 0;  // what takes longer is among the slowest
    bool waits_ = true;
    const bool has_timeline_;
    std::array<std::uint64_t, slowest_kept> slow_ns_{};  // of those in the slot
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
