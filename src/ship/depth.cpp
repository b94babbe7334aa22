#include <algorithm>

#include <pthread.h>

#include <procpool/detail/depth.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// Of a stack, a quarter at most is left to an exception and to what is called between two levels.
constexpr std::uintptr_t most_left = 256 * 1024;
/// What may be used of a stack whose end is not known: that of a fiber, which may be no larger.
constexpr std::uintptr_t most_of_unknown = 64 * 1024;

struct Stack {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

/// The stack that the system gave this thread; empty if it cannot be told.
Stack own_stack() noexcept {
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

}  // namespace

std::uintptr_t stack_floor(std::uintptr_t here) noexcept {
    thread_local const Stack stack = own_stack();
    if (here < stack.begin || here >= stack.end) {
        return here - std::min(here, most_of_unknown);
    }
    return stack.begin + std::min(most_left, (stack.end - stack.begin) / 4);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
