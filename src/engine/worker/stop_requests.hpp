#pragma once

#include <stop_token>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What is behind this_task::stop_token() in a worker (docs/protocol.md, part 6).
namespace engine {

/// From here on the tokens of this process are those of the items of this worker, whose requests
/// the fork server writes into that line.
void take_stop_requests(const Slot& slot, const ServerLine& line) noexcept;

}  // namespace engine
PROCPOOL_END_NAMESPACE
