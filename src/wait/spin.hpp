#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"
#include "os/cpus.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace wait {

/// One turn of a spinning loop: lets the sibling hardware thread run and saves power.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

/// Looks at `happened` until it is true (and returns true) or the monotonic clock passes
/// `until_ns`. Yields the CPU every few microseconds: the process that makes it happen may be
/// waiting for this very CPU. `now`: set to the time at its last look at the clock.
template <class Condition>
bool spin_until(std::uint64_t until_ns, Condition&& happened, std::uint64_t& now) {
    constexpr std::uint64_t yield_after_ns = 2'000;
    now = os::now_ns();
    for (std::uint64_t last_yield = now; now < until_ns; now = os::now_ns()) {
        for (int turn = 0; turn < 16; ++turn) {
            if (happened()) {
                return true;
            }
            relax();
        }
        if (now - last_yield > yield_after_ns) {
            os::yield();
            last_yield = now;
        }
    }
    return happened();
}

template <class Condition>
bool spin_until(std::uint64_t until_ns, Condition&& happened) {
    std::uint64_t now = 0;
    return spin_until(until_ns, happened, now);
}

/// As spin_until, but yields the CPU at every turn: for what another process does that has to wake
/// up or to start first, perhaps on this very CPU.
template <class Condition>
bool yield_until(std::uint64_t until_ns, Condition&& happened) {
    while (!happened()) {
        if (os::now_ns() >= until_ns) {
            return false;
        }
        os::yield();
    }
    return true;
}

/// Waits for this long without yielding the CPU.
inline void pass(std::uint64_t ns) noexcept {
    for (const std::uint64_t until = os::now_ns() + ns; os::now_ns() < until;) {
        relax();
    }
}

/// Prefetches this many bytes, to be read soon. Cache lines that are requested together arrive
/// together: five times as fast as one after the other.
inline void fetch(const volatile void* begin, std::size_t bytes) noexcept {
    constexpr std::size_t line = 64;
    const auto* const first = static_cast<const volatile char*>(begin);
    for (std::size_t at = 0; at < bytes; at += line) {
        __builtin_prefetch(const_cast<const char*>(first + at));
    }
}

/// Prefetches the first bytes of a function's code, to be called soon.
template <class Function>
void fetch_code(Function function, std::size_t bytes) noexcept {
    // A pointer to a member function that is not virtual begins with the address of its code.
    const char* code = nullptr;
    static_assert(sizeof function >= sizeof code);
    std::memcpy(&code, &function, sizeof code);
    constexpr std::size_t line = 64;
    for (std::size_t at = 0; at < bytes; at += line) {
        __builtin_prefetch(code + at, 0, 2);
    }
}

/// Prefetches a cache line, to be written soon.
inline void fetch_for_writing(const void* address) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
    __builtin_prefetch(address, 1);
#endif
}

}  // namespace wait
PROCPOOL_END_NAMESPACE
