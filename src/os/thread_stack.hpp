#pragma once

#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The stacks of threads: where they lie, and how far they may grow.
namespace os {

/// The addresses [begin, end).
struct StackRange {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;

    [[nodiscard]] bool contains(std::uintptr_t address) const {
        return begin <= address && address < end;
    }
};

/// The stack that the system gave this thread; empty when the system does not tell. A fiber runs
/// on another one.
[[nodiscard]] StackRange own_stack() noexcept;

/// How large the stack of a process's first thread may become (RLIMIT_STACK), in bytes. Nothing
/// without a limit. Async-signal-safe.
[[nodiscard]] std::optional<std::uint64_t> first_stack_limit() noexcept;

/// Does this code run on the stack of the process's first thread, with at least half of it left? It
/// may be that of another thread, or of a fiber.
[[nodiscard]] bool has_usual_stack() noexcept;

/// Calls `function(argument)`, which must not return, on a new stack of the size that one of a
/// first thread may have. Memory that may not be accessed lies below it. For a process with one
/// thread. Returns only where there is no memory for a stack.
void leave_for_new_stack(void (*function)(void* argument), void* argument) noexcept;

/// The stack made by that function, in this process or in one that it was forked from; empty if
/// there is none. Async-signal-safe.
[[nodiscard]] StackRange new_stack() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
