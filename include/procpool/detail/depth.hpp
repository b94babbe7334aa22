#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// What holds other values is written and read by functions that call themselves, on a stack that
// ends. How deep that may go is bounded by number and by what is left of the stack.

/// So deep may containers, pointers and classes with a serialize() lie in one another before it is
/// taken for nonsense.
inline constexpr std::size_t max_depth = 1000;

enum class Way { reading, writing };

/// Throws DecodeError when reading, NotShippable when writing: values lie in one another more than
/// max_depth deep.
[[noreturn]] void throw_too_deep(Way way);
/// The same, because the stack of this thread is too short for what is there.
[[noreturn]] void throw_stack_too_short(Way way);

/// The address that the stack must not grow beyond, which is at `here` now. Leaves enough for an
/// exception and for what is called between two levels.
[[nodiscard]] std::uintptr_t stack_floor(std::uintptr_t here) noexcept;

/// How deep this thread is in a value, and how far it may go.
struct Descent {
    std::size_t depth = 0;
    std::uintptr_t floor = 0;
};
inline constinit thread_local Descent descent;

/// Throws, in a value, when the stack has no more than `reserve` bytes to give.
template <Way way>
[[gnu::always_inline]] inline void check_stack(std::size_t reserve = 0) {
    // Not the address of a variable, which AddressSanitizer may have put elsewhere.
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (here < descent.floor + reserve) [[unlikely]] {
        throw_stack_too_short(way);
    }
}

/// While it lives this thread is one level deeper. `size`: bytes of what is made at each level.
template <Way way, std::size_t size = 0>
class Level {
public:
    [[gnu::always_inline]] Level() {
        if (descent.depth == 0) {
            descent.floor =
                stack_floor(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
        }
        check_stack<way>(4 * size);  // it is made, moved from, and moved to, in frames of their own
        if (descent.depth == max_depth) [[unlikely]] {
            throw_too_deep(way);
        }
        ++descent.depth;
    }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() { --descent.depth; }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
