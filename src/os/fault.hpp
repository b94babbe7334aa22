#pragma once

#include <cerrno>
#include <utility>

#include <procpool/detail/namespace.hpp>

#if defined(PROCPOOL_INSTRUMENTED)
#include <atomic>
#endif

PROCPOOL_BEGIN_NAMESPACE
/// Where tests make system calls fail. A call that the machine can refuse, or a signal interrupt,
/// is made through `call`: an instrumented build can make it fail there. Not made through it: calls
/// that fail only by a mistake of the library (kill, close, sigaction), and calls whose failure
/// shows in what follows (madvise, prctl).
namespace os {

/// The calls that a test can make fail.
enum class Call {
    clone_process,
    fork_process,
    futex_wait,
    futex_wake,
    lock_file,
    make_memfd,
    make_pipe,
    make_signalfd,
    map_memory,
    open_file,
    open_pidfd,
    poll,
    protect_memory,
    punch_memory,
    read,
    resize_file,
    sync_file,
    wait_child,
    write,
    write_file,
};

#if defined(PROCPOOL_INSTRUMENTED)
/// Returns the errno with which this call fails, or 0 to let it through. Called in every process,
/// so it must be async-signal-safe and decide from its own (inherited) memory.
using FaultHook = int (*)(Call);
inline std::atomic<FaultHook> fault_hook{nullptr};

inline int fault(Call which) {
    const FaultHook hook = fault_hook.load(std::memory_order_acquire);
    return hook != nullptr ? hook(which) : 0;
}
#else
constexpr int fault(Call /*which*/) { return 0; }
#endif

/// Makes one system call: the result of `function`, or -1 and errno when a failure is injected.
template <class Function>
auto call(Call which, Function&& function) -> decltype(function()) {
    if (const int error = fault(which); error != 0) {
        errno = error;
        return static_cast<decltype(function())>(-1);
    }
    return std::forward<Function>(function)();
}

/// As `call`, again for as long as a signal interrupts it.
template <class Function>
auto call_through_signals(Call which, Function&& function) -> decltype(function()) {
    for (;;) {
        const auto result = call(which, function);
        if (result != static_cast<decltype(function())>(-1) || errno != EINTR) {
            return result;
        }
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
