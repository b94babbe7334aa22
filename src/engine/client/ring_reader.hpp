#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A frame of a result ring, in the client. The payload lies in the ring and may change while it is
/// read; the header is a copy.
struct ReadFrame {
    FrameHeader header;
    std::span<const std::byte> payload;
};

/// Can `tail`, which a worker wrote, be the end of the published frames if the next one is at
/// `head`?
[[nodiscard]] constexpr bool is_tail(std::uint64_t tail, std::uint64_t head,
                                     std::uint64_t capacity) {
    return tail - head <= capacity && tail % frame_align == 0;
}

/// The frame at `head` of a ring that is published up to `tail`; nothing if it cannot be genuine.
/// Needs is_tail() and head < tail. The size of `ring` is a power of two, at least `frame_align`.
[[gnu::hot]] [[nodiscard]] std::optional<ReadFrame> frame_at(std::span<const std::byte> ring,
                                                             std::uint64_t head, std::uint64_t tail,
                                                             std::uint64_t secret);

}  // namespace engine
PROCPOOL_END_NAMESPACE
