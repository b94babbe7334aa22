#pragma once

#include <cstddef>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The terminal that stderr may be.
namespace os {

[[nodiscard]] bool stderr_is_terminal() noexcept;

/// How many characters fit in a line of it now; 80 when it does not tell.
[[nodiscard]] std::size_t terminal_width() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
