#pragma once

#include <cstddef>
#include <span>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Runs PoolOptions::finalizer: `finalize` with these bytes. An exception goes to stderr, as there
/// is nobody to tell. Only the end of the thread (pthread_exit) leaves this.
void run_finalizer(void (*finalize)(std::span<const std::byte>), std::span<const std::byte> bytes);

}  // namespace engine
PROCPOOL_END_NAMESPACE
