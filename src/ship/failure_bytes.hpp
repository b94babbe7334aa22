#pragma once

#include <procpool/detail/failure.hpp>

namespace procpool::detail {

/// What no bytes at all stand for: there was no memory to write any. Takes none.
[[nodiscard]] Failure out_of_memory() noexcept;

}  // namespace procpool::detail
