#pragma once

#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Where what a worker holds of its claim ends, a position: before what another worker took of it
/// (docs/protocol.md, part 4, "Giving back"). Takes back what is still offered. Nothing if the
/// words make no sense.
[[nodiscard]] std::optional<std::uint64_t> settle_offer(const Layout& layout, int worker,
                                                        const Claim& claim);

}  // namespace engine
PROCPOOL_END_NAMESPACE
