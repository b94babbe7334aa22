#pragma once

#include <atomic>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// Telling a process from its forks: two words on a page that the kernel wipes in every forked
/// child.
namespace os {

/// A number that only this process has, never 0: a forked child gets another one. Throws
/// std::system_error at the first call of a process if a page cannot be mapped.
[[gnu::hot]] [[nodiscard]] std::uint64_t process_mark();

/// The word that says "this is a worker, not a copy that a task forked off": 0 in every forked
/// child until it is set.
[[nodiscard]] std::atomic<std::uint64_t>& worker_mark();

}  // namespace os
PROCPOOL_END_NAMESPACE
