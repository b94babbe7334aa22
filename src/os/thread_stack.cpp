#include "os/thread_stack.hpp"

#include <pthread.h>
#include <sys/resource.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

StackRange own_stack() noexcept {
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

}  // namespace os
PROCPOOL_END_NAMESPACE
