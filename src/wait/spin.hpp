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

/// Starts to bring a cache line here, to be written soon.
inline void fetch_for_writing(const void* address) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
    __builtin_prefetch(address, 1);
#endif
}

}  // namespace procpool::wait
