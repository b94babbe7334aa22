#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Closes the job of a claim on behalf of a dead worker, as a worker does: evidence for the last
/// taker first, in the slot of the dead one (docs/protocol.md, parts 3 and 4).
void close_job_for(const Layout& layout, int dead, const Claim& claim);

}  // namespace engine
PROCPOOL_END_NAMESPACE
