#pragma once

#include <atomic>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(FutexWord::is_always_lock_free && sizeof(FutexWord) == 4);

inline constexpr std::uint64_t no_timeout = ~std::uint64_t{0};

/// Blocks while `word` holds `expected`: until a wake, a signal, or `timeout_ns` from now. The word
/// may lie in memory that this process maps read-only. Spurious returns are normal: the caller
/// looks again.
[[gnu::hot]] void futex_wait(const FutexWord& word, std::uint32_t expected,
                             std::uint64_t timeout_ns) noexcept;

/// As futex_wait, for a waiter that futex_wake_one can choose: by its `kind`, below 32. Until the
/// monotonic clock passes `until_ns`; `no_timeout`: without a limit.
[[gnu::hot]] void futex_wait_as(std::uint32_t kind, const FutexWord& word, std::uint32_t expected,
                                std::uint64_t until_ns) noexcept;

/// Wakes at most `count` waiters, of any process.
[[gnu::hot]] void futex_wake(const FutexWord& word, int count) noexcept;
/// Wakes one waiter of a kind. False if there is none.
[[gnu::hot]] bool futex_wake_one(std::uint32_t kind, const FutexWord& word) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
