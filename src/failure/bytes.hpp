#pragma once

#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The failure that no bytes at all stand for: there was no memory to write any. Allocates nothing.
[[nodiscard]] Failure out_of_memory() noexcept;

}  // namespace detail
PROCPOOL_END_NAMESPACE
