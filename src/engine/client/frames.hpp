#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <procpool/detail/namespace.hpp>

#include "engine/client/job.hpp"
#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Takes in a frame that a worker sent about the job: marks its items as done and tells its
/// receiver. `stride`: bytes of a fixed-size result, 0 if the frame has none. False, without
/// telling it, if the frame cannot be genuine. `payload` may change while it is read, so no earlier
/// look at it is relied on. Throws std::bad_alloc; the frame can then be taken in later.
[[gnu::hot]] bool take_frame(Job& job, std::uint64_t stride, const engine::FrameHeader& header,
                             std::span<const std::byte> payload);

}  // namespace engine
PROCPOOL_END_NAMESPACE
