#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Work that may end its process, or take it with it in other ways: it is done in another one.
namespace os {

/// Forks a process that calls `work` and ends, and returns what that wrote by `write_answer`, at
/// most `most` bytes: all of it, or what there was when it died or the time was over. Nothing where
/// it cannot be started. The process is a copy of this one with a stack and limits of its own: its
/// output is dropped, exit() runs no handler of the program, and it leaves no core. Locks of the
/// program may be held in it. Throws std::bad_alloc.
[[nodiscard]] std::optional<std::string> answer_of_helper(
    const std::function<void(const Fd& to)>& work, std::uint64_t time_ns, std::size_t most);

/// Called by `work`. False when nobody reads it any more.
bool write_answer(const Fd& to, std::string_view bytes) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
