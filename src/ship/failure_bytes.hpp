#pragma once

#include <procpool/detail/failure.hpp>

namespace procpool::inline v0_1::detail {

/// What no bytes at all stand for: there was no memory to write any. Takes none.
[[nodiscard]] Failure out_of_memory() noexcept;

}  // namespace procpool::inline v0_1::detail
