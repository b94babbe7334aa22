#include "engine/client/ring_reader.hpp"

#include <cstring>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::optional<ReadFrame> frame_at(std::span<const std::byte> ring, std::uint64_t head,
                                  std::uint64_t tail, std::uint64_t secret) {
    const auto place = ring.subspan(position_of(head, ring.size()));
    ReadFrame frame;
    std::memcpy(&frame.header, place.data(), sizeof frame.header);
    const FrameHeader& header = frame.header;
    if (header.check != header.expected_check(head, secret) ||
        header.bytes > place.size() - sizeof header || frame_size(header.bytes) > tail - head) {
        return std::nullopt;
    }
    frame.payload = place.subspan(sizeof header, header.bytes);
    return frame;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
