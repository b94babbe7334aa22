#pragma once

#include <atomic>
#include <cstdint>

namespace procpool::os {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(FutexWord::is_always_lock_free && sizeof(FutexWord) == 4);

inline constexpr std::uint64_t no_timeout = ~std::uint64_t{0};

/// Blocks while `word` holds `expected`: until a wake, a signal, or `timeout_ns` from now. The word
/// may lie in memory that this process maps read-only. Spurious returns are normal: the caller
/// looks again.
void futex_wait(const FutexWord& word, std::uint32_t expected, std::uint64_t timeout_ns) noexcept;

/// Wakes at most `count` waiters, of any process.
void futex_wake(const FutexWord& word, int count) noexcept;

}  // namespace procpool::os
