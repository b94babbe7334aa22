#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Rings the bells of all active jobs: every client that waits looks again.
void ring_everyone(const Layout& layout);

}  // namespace engine
PROCPOOL_END_NAMESPACE
