#pragma once

#include <atomic>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/seat.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Ends a worker by plan, one that holds nothing that others wait for: runs the pool's
/// finalizer, destroys what tasks keep in this process, writes out files and coverage. All of it
/// within `longest_finish`: then the kernel kills the process, wherever it is.
[[noreturn]] void finish(const Seat& seat) noexcept;

/// Call it in a catch block. If no C++ exception is in flight, the only thread of this worker ends
/// (pthread_exit, pthread_cancel). Then the worker ends here, before the unwinding reaches frames
/// that are not its own, and leaves the reason for the fork server.
void end_if_its_thread_ends();

/// Ends a process that code of the program forked in a worker: a copy of it, which must not publish
/// anything.
inline void end_if_copy() {
    if (os::worker_mark().load(std::memory_order_relaxed) == 0) {
        os::end_process(0);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
