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
};

/// The stack that the system gave this thread; empty when the system does not tell. A fiber runs
/// on another one.
[[nodiscard]] StackRange own_stack() noexcept;

/// How large the stack of a process's first thread may become (RLIMIT_STACK), in bytes. Nothing
/// without a limit. Async-signal-safe.
[[nodiscard]] std::optional<std::uint64_t> first_stack_limit() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
