#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// Writes out what the program has printed by stdio and iostreams and what still is in the buffers
/// of this process. Costs nanoseconds when they are empty.
[[gnu::hot]] void flush_output() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
