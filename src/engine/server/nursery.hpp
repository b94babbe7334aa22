#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The processes that fork servers come from when they are not forked from the client as it is: the
/// clean process that init() forks before any thread exists, and the program started anew.
namespace engine {

/// The life of the clean process: forks a fork server for each order, until the client is gone.
/// Below it on the stack are frames of the program: no exception may reach them.
[[noreturn]] void tend_nursery(os::Fd channel, const os::Fd& client, pid_t client_pid) noexcept;

/// The life of a program that was started anew: it becomes the fork server of the one pool it was
/// started for.
[[noreturn]] void serve_anew(os::Fd channel) noexcept;

/// The end of a channel if this program was started anew for a pool; empty otherwise.
[[nodiscard]] os::Fd channel_of_spawned(int argc, const char* const* argv);

}  // namespace engine
PROCPOOL_END_NAMESPACE
