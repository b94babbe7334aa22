#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "os/futex.hpp"
#include "wait/news.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// JobPage::waiters counts two kinds: threads that wait for this job, and from this bit on those
/// that wait for any of several.
inline constexpr std::uint32_t waiter_for_any = 1U << 16U;

/// Rings the bell of a job. True if that woke somebody.
inline bool ring_bell(const Layout& layout, std::size_t job) {
    os::FutexWord& bell = layout.words(job).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    const std::uint32_t waiters = layout.job(job).waiters.load(std::memory_order_seq_cst);
    if (waiters % waiter_for_any != 0) {
        os::futex_wake(bell, 1 << 30);
    }
    if (waiters >= waiter_for_any) [[unlikely]] {
        wait::News::at(layout.region_base()).tell();
    }
    return waiters != 0;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
