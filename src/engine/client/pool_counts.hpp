#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>
#include <procpool/stats.hpp>

#include "engine/client/fork_server.hpp"
#include "engine/client/inbox.hpp"
#include "engine/client/job_board.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What a pool has done, but for the memory of its workers. A task may have written over what its
/// worker counted, which then is another number. Does not block; call it under the pool's mutex.
/// Throws std::bad_alloc.
[[nodiscard]] PoolStats counts_of(const Layout& layout, const ForkServer& server,
                                  const JobBoard& board, const Inbox& inbox);
/// Looks up the memory of each worker, which takes system calls.
void look_up_memory(std::vector<WorkerStats>& workers);

/// Adds an item to the slowest, if it is one of them. `slowest` is in no order.
void add_slow(std::vector<SlowItem>& slowest, const SlowItem& item);
/// Puts the slowest first.
void sort_slowest(std::vector<SlowItem>& slowest);

}  // namespace engine
PROCPOOL_END_NAMESPACE
