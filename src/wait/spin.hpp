#pragma once

namespace procpool::wait {

/// One turn of a spinning loop: lets the sibling hardware thread run and saves power.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

}  // namespace procpool::wait
