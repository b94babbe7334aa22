#pragma once

#include <cstdint>
#include <ctime>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

// All times here are in nanoseconds.
inline constexpr std::uint64_t us = 1'000;
inline constexpr std::uint64_t ms = 1'000'000;

/// Nanoseconds of the monotonic clock, the same for every process of the machine. No system call
/// (vDSO).
inline std::uint64_t now_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

/// The CPU time that this process has used, in ns.
inline std::uint64_t cpu_time_ns() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(used.tv_nsec);
}

/// Blocks this thread for that long, or until a signal. Async-signal-safe.
inline void sleep_ns(std::uint64_t time_ns) noexcept {
    timespec time{};
    time.tv_sec = static_cast<time_t>(time_ns / 1'000'000'000U);
    time.tv_nsec = static_cast<long>(time_ns % 1'000'000'000U);
    ::nanosleep(&time, nullptr);
}

}  // namespace os
PROCPOOL_END_NAMESPACE
