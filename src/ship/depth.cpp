#include <algorithm>
#include <string>

#include <procpool/detail/depth.hpp>
#include <procpool/errors.hpp>

#include "os/thread_stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// Of a stack, a quarter at most is left to an exception and to what is called between two levels;
/// never more than this.
constexpr std::uintptr_t most_left = 256 * 1024;
/// So much may be used of a stack whose end is not known: that of a fiber, which may be no larger.
constexpr std::uintptr_t most_of_unknown = 64 * 1024;

[[noreturn]] void throw_deep(Way way, const std::string& message) {
    if (way == Way::reading) {
        throw DecodeError(message);
    }
    throw NotShippable(message);
}

}  // namespace

std::uintptr_t stack_floor(std::uintptr_t here) noexcept {
    thread_local const os::StackRange given = os::own_stack();
    const os::StackRange stack = os::new_stack().contains(here) ? os::new_stack() : given;
    if (!stack.contains(here)) {
        return here - std::min(here, most_of_unknown);
    }
    return stack.begin + std::min(most_left, (stack.end - stack.begin) / 4);
}

void throw_too_deep(Way way) {
    throw_deep(way, "procpool: values are nested more than " + std::to_string(max_depth) +
                        " deep: flatten them, for example a long list into a std::vector");
}

void throw_stack_too_short(Way way) {
    throw_deep(way,
               "procpool: values are nested too deep for the stack of this thread: flatten them, "
               "put what is large in them into a std::vector, or raise the limit (ulimit -s)");
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
