#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>
#include <procpool/stats.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What the processes of a pool have counted: the part of its stats that lies in shared memory. A
/// task may have written over its worker's counts, which then are other numbers. `now`: until when
/// times count, in ns. Does not block. Throws std::bad_alloc.
[[nodiscard]] PoolStats counts_of(const Layout& layout, std::uint64_t now);

/// Adds an item to the slowest, if it is one of them. `slowest` is in no order.
void add_slow(std::vector<SlowItem>& slowest, const SlowItem& item);
/// Puts the slowest first.
void sort_slowest(std::vector<SlowItem>& slowest);

}  // namespace engine
PROCPOOL_END_NAMESPACE
