#include "os/futex.hpp"

#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fault.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

namespace {

timespec as_timespec(std::uint64_t ns) noexcept {
    timespec time{};
    time.tv_sec = static_cast<time_t>(ns / 1'000'000'000U);
    time.tv_nsec = static_cast<long>(ns % 1'000'000'000U);
    return time;
}

}  // namespace

void futex_wait(const FutexWord& word, std::uint32_t expected, std::uint64_t timeout_ns) noexcept {
    const timespec timeout = as_timespec(timeout_ns);
    // Every failure (value changed, signal, timeout) means the same to the caller: look again.
    call(Call::futex_wait, [&] {
        return ::syscall(SYS_futex, &word, FUTEX_WAIT, expected,
                         timeout_ns == no_timeout ? nullptr : &timeout, nullptr, 0);
    });
}

void futex_wait_as(std::uint32_t kind, const FutexWord& word, std::uint32_t expected,
                   std::uint64_t until_ns) noexcept {
    const timespec until = as_timespec(until_ns);
    call(Call::futex_wait, [&] {
        return ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected,
                         until_ns == no_timeout ? nullptr : &until, nullptr, 1U << kind);
    });
}

bool futex_wake_one(std::uint32_t kind, const FutexWord& word) noexcept {
    return call(Call::futex_wake, [&] {
               return ::syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, 1, nullptr, nullptr,
                                1U << kind);
           }) == 1;
}

void futex_wake(const FutexWord& word, int count) noexcept {
    call(Call::futex_wake,
         [&] { return ::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0); });
}

}  // namespace os
PROCPOOL_END_NAMESPACE
