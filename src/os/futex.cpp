#include "os/futex.hpp"

#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fault.hpp"

namespace procpool::os {

void futex_wait(const FutexWord& word, std::uint32_t expected, std::uint64_t timeout_ns) noexcept {
    timespec timeout{};
    timeout.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000U);
    timeout.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000U);
    // Every failure (value changed, signal, timeout) means the same to the caller: look again.
    call(Call::futex_wait, [&] {
        return ::syscall(SYS_futex, &word, FUTEX_WAIT, expected,
                         timeout_ns == no_timeout ? nullptr : &timeout, nullptr, 0);
    });
}

void futex_wait_as(std::uint32_t kind, const FutexWord& word, std::uint32_t expected) noexcept {
    call(Call::futex_wait, [&] {
        return ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected, nullptr, nullptr,
                         1U << kind);
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

}  // namespace procpool::os
