#pragma once

#include <string>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// System calls that the system does not allow: a filter (seccomp), an old kernel, a limit.
namespace os {

/// Whether an error says that a call is forbidden or unknown, whatever it is asked.
[[nodiscard]] bool is_forbidden(int error) noexcept;

/// What to say, in parentheses, about a call that failed; begins with a space. Throws
/// std::bad_alloc.
[[nodiscard]] std::string why_refused(const char* call, int error);

/// Looks whether calls are allowed without which a pool would hang, or leave processes behind.
/// Throws std::system_error that names the first one that is not. `by_channel`: those too by which
/// processes talk that do not fork from each other.
void check_calls(bool by_channel);

}  // namespace os
PROCPOOL_END_NAMESPACE
