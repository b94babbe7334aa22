#pragma once

#include <optional>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "trace/frame_kinds.hpp"
#include "trace/stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// The frames at each of these lines, in their order, with what debug information tells. What reads
/// that may end its process, overflow a small stack or take long, so a process of its own does it.
/// Where it dies or takes longer than two seconds, the list is shorter; nothing where it cannot be
/// started. Throws std::bad_alloc.
[[nodiscard]] std::optional<std::vector<std::vector<Frame>>> ask_helper(
    const std::vector<StackLine>& lines);

}  // namespace trace
PROCPOOL_END_NAMESPACE
