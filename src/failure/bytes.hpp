#pragma once

#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// A thrown std::bad_alloc, which no bytes at all stand for as well. If there is no memory for the
/// message either, it has the usual one.
[[nodiscard]] Failure out_of_memory(const char* message = nullptr) noexcept;

}  // namespace detail
PROCPOOL_END_NAMESPACE
