#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

// All of these read files of /proc and /sys: some tens of microseconds, so keep the answer. They
// never block, any thread may call them, and they answer at least 1 whatever cannot be read. They
// throw nothing but std::bad_alloc.

/// The CPUs that this process may keep busy, and the size of a Pool{}: those that the affinity mask
/// of the calling thread allows (taskset, cpusets), but no more than the CPU quota of its control
/// group and the groups above it (containers), rounded up.
[[nodiscard]] int usable_cpus();

/// The CPUs of this machine that are online, two for a core with two hardware threads.
[[nodiscard]] int logical_cpus();

/// The cores of this machine that are online; logical_cpus() where the system does not tell.
[[nodiscard]] int physical_cores();

PROCPOOL_END_NAMESPACE
