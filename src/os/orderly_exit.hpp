#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The end of a process that was forked from another program's image: what it made itself is
/// destroyed, what it inherited is not.
namespace os {

/// Call it in a fresh process, in the thread that will end it: thread_local objects that this
/// thread makes from here on are its own.
void begin_own_thread_locals() noexcept;

/// Kills this process when the time is over, whatever it does then. False if the system refuses
/// that.
[[nodiscard]] bool end_process_after(std::uint64_t time_ns) noexcept;

/// Destroys the thread's own thread_local objects in reverse order, writes out what is in the
/// buffers of every FILE, writes coverage and profiles, and ends the process. No atexit handler and
/// no static destructor runs. May block for ever.
[[noreturn]] void end_process_in_order() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
