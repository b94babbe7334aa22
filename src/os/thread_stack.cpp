#include "os/thread_stack.hpp"

#include <algorithm>
#include <cstddef>

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "os/process.hpp"

// What sanitizers want to be told of a new stack. Not there without them.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void __sanitizer_start_switch_fiber(void**, const void*, std::size_t) __attribute__((weak));
void __sanitizer_finish_switch_fiber(void*, const void**, std::size_t*) __attribute__((weak));
void* __tsan_create_fiber(unsigned) __attribute__((weak));
void __tsan_switch_to_fiber(void*, unsigned) __attribute__((weak));
}
// NOLINTEND(bugprone-reserved-identifier)

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

constexpr std::size_t usual_size = std::size_t{8} << 20U;
constexpr std::size_t largest_size = std::size_t{256} << 20U;
constexpr std::size_t smallest_size = std::size_t{1} << 20U;
/// As far as the kernel keeps other mappings away from the stack of a first thread.
constexpr std::size_t guard_size = std::size_t{1} << 20U;
/// Nothing else is mapped so near below the beginning of that stack.
constexpr std::uintptr_t nearest_mapping = std::uintptr_t{128} << 20U;

std::size_t first_stack_size() noexcept {
    return static_cast<std::size_t>(first_stack_limit().value_or(usual_size));
}

struct NewStack {
    StackRange range;
    void (*function)(void*) = nullptr;
    void* argument = nullptr;
};
NewStack made;
ucontext_t entered;

bool map_stack(std::size_t size) noexcept {
    void* const memory = ::mmap(nullptr, guard_size + size, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) {
        return false;
    }
    std::byte* const begin = static_cast<std::byte*>(memory) + guard_size;
    if (::mprotect(begin, size, PROT_READ | PROT_WRITE) != 0) {
        ::munmap(memory, guard_size + size);
        return false;
    }
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    made.range = {address, address + size};
    return true;
}

void enter() {
    if (__sanitizer_finish_switch_fiber != nullptr) {
        __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
    }
    made.function(made.argument);
    end_process(1);
}

}  // namespace

StackRange own_stack() noexcept {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (made.range.contains(here)) {
        return made.range;
    }
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) {
        return {};
    }
    void* begin = nullptr;
    std::size_t size = 0;
    const bool known = ::pthread_attr_getstack(&attributes, &begin, &size) == 0;
    ::pthread_attr_destroy(&attributes);
    if (!known) {
        return {};
    }
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    return {address, address + size};
}

std::optional<std::uint64_t> first_stack_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::nullopt;
    }
    return limit.rlim_cur;
}

bool has_usual_stack() noexcept {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (made.range.contains(here)) {
        return true;
    }
    // The kernel puts these bytes behind the beginning of the first thread's stack.
    const auto top = static_cast<std::uintptr_t>(::getauxval(AT_RANDOM));
    const std::size_t size = first_stack_size();
    return here < top && top - here < std::min<std::uintptr_t>(nearest_mapping, size / 2);
}

void leave_for_new_stack(void (*function)(void*), void* argument) noexcept {
    if (!map_stack(std::clamp(first_stack_size(), smallest_size, largest_size)) &&
        !map_stack(smallest_size)) {
        return;
    }
    made.function = function;
    made.argument = argument;
    ::getcontext(&entered);
    const std::size_t size = made.range.end - made.range.begin;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a range of addresses
    void* const begin = reinterpret_cast<void*>(made.range.begin);
    entered.uc_stack = {.ss_sp = begin, .ss_flags = 0, .ss_size = size};
    entered.uc_link = nullptr;
    ::makecontext(&entered, enter, 0);
    if (__sanitizer_start_switch_fiber != nullptr) {
        __sanitizer_start_switch_fiber(nullptr, begin, size);
    }
    if (__tsan_create_fiber != nullptr) {
        __tsan_switch_to_fiber(__tsan_create_fiber(0), 0);
    }
    ::setcontext(&entered);
}

StackRange new_stack() noexcept { return made.range; }

}  // namespace os
PROCPOOL_END_NAMESPACE
