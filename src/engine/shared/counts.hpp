#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What stats() is told, in plain numbers: nothing of the protocol depends on them.
namespace engine {

/// What the workers of one place have done, one after the other.
struct Totals {
    std::uint64_t items = 0;
    std::uint64_t busy_ns = 0;
    std::uint64_t waiting_ns = 0;
    std::uint64_t wakes = 0;
};

/// The same as words. Whoever reads them may see some of another moment.
struct TotalWords {
    Word items{0};
    Word busy_ns{0};
    Word waiting_ns{0};
    Word wakes{0};

    [[nodiscard]] Totals read() const {
        return {items.load(std::memory_order_relaxed), busy_ns.load(std::memory_order_relaxed),
                waiting_ns.load(std::memory_order_relaxed), wakes.load(std::memory_order_relaxed)};
    }
    void write(const Totals& totals) {
        items.store(totals.items, std::memory_order_relaxed);
        busy_ns.store(totals.busy_ns, std::memory_order_relaxed);
        waiting_ns.store(totals.waiting_ns, std::memory_order_relaxed);
        wakes.store(totals.wakes, std::memory_order_relaxed);
    }
};

/// What a worker is at, and since when: the time in ns, and a bit for work.
struct Activity {
    std::uint64_t bits = 0;

    [[nodiscard]] static constexpr Activity of(bool works, std::uint64_t since_ns) {
        return {since_ns << 1U | (works ? 1U : 0U)};
    }
    [[nodiscard]] constexpr bool works() const { return (bits & 1U) != 0; }
    [[nodiscard]] constexpr std::uint64_t since_ns() const { return bits >> 1U; }
};

/// Written by a worker: its own counts, on one cache line.
struct alignas(cache_line) WorkerCounts {
    TotalWords totals;    ///< those of the workers before it in this place too
    Word activity{0};     ///< an Activity; 0: it has not come to its first look for work
    Word start_up_ns{0};  ///< from its fork to that look
};
static_assert(sizeof(WorkerCounts) == cache_line);

/// A claim that took long, of one item or more. `ns` is written last, and is 0 meanwhile.
struct SlowWords {
    Word ns{0};
    Word first{0};
    Word count{0};
    Word serial{0};
};
inline constexpr std::size_t slowest_kept = 10;
/// Written by a worker: the slowest of its place, in no order.
using SlowestWords = std::array<SlowWords, slowest_kept>;

}  // namespace engine
PROCPOOL_END_NAMESPACE
