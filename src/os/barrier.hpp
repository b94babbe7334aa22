#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// From here on memory_barrier_in_all has an effect on the threads of this process. False if the
/// kernel cannot do that, or a filter of system calls forbids it.
[[nodiscard]] bool join_barriers() noexcept;

/// Has every running thread of all processes that joined execute a memory barrier (membarrier(2),
/// "global expedited"): what each did before in program order can be seen after this, and what it
/// does later sees what the caller did before. Takes microseconds. False if that cannot be had.
[[nodiscard]] bool memory_barrier_in_all() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
