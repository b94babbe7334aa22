#pragma once

#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Waiting for descriptors, those of processes among them.
namespace os {

/// A descriptor that polls readable when the process ends. Empty and errno on failure.
[[nodiscard]] Fd open_pidfd(pid_t pid) noexcept;

/// True once the process behind a pidfd has ended (reaped or not), or if somebody closed the pidfd:
/// nothing can be known of the process any more.
[[nodiscard]] bool has_ended(const Fd& pidfd) noexcept;
/// Blocks until the process behind a pidfd ends, or `timeout_ms`. True if it ended.
bool wait_for_end(const Fd& pidfd, int timeout_ms) noexcept;

/// True when the descriptor is readable, or at its end.
[[nodiscard]] bool is_readable(const Fd& descriptor) noexcept;
/// Blocks until one of the descriptors is readable (or at its end), or `timeout_ms` (-1: for ever).
void wait_readable(const std::vector<int>& descriptors, int timeout_ms) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
