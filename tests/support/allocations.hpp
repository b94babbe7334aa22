#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

/// Lets a test say which allocations of its program fail. It replaces operator new, so one file of
/// a program includes it, and defines this.
[[nodiscard]] bool allocation_fails(std::size_t size) noexcept;

// Not inlined: GCC would take them for a pair that does not fit.
// NOLINTBEGIN(cppcoreguidelines-no-malloc, misc-definitions-in-headers)
[[gnu::noinline]] void* operator new(std::size_t size) {
    void* const memory = allocation_fails(size) ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc, misc-definitions-in-headers)
