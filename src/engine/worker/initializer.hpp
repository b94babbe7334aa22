#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/worker/outbox.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Runs the pool's initializer. If it fails, the pool is broken and this process ends.
void run_initializer(const Seat& seat, Outbox& outbox);

}  // namespace engine
PROCPOOL_END_NAMESPACE
