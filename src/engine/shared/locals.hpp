#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Destroys what this_worker::local made in this process, the newest first.
void destroy_locals() noexcept;

}  // namespace engine
PROCPOOL_END_NAMESPACE
