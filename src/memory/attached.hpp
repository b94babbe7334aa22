#pragma once

#include <cstddef>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace memory {

/// This process is a worker: what it reads lies in this region, of its client's.
void attach(const std::byte* base, std::size_t size) noexcept;

/// Is all of this in that region, or in this process's own?
[[nodiscard]] bool is_readable(const std::byte* data, std::size_t bytes) noexcept;
/// Is all of this in this process's own region?
[[nodiscard]] bool is_own(const std::byte* data, std::size_t bytes) noexcept;

}  // namespace memory
PROCPOOL_END_NAMESPACE
