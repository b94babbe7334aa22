// fuzz: longest input 16384
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include <procpool/detail/sinks.hpp>

#include "engine/client/frames.hpp"
#include "engine/client/ring_reader.hpp"
#include "fuzz.hpp"

// A result ring as a worker left it, read by the client: wherever the tail stands and whatever the
// headers say, only bytes of the ring are looked at, and reading comes to an end.

namespace procpool::fuzz {
namespace {

constexpr std::uint64_t secret = 0x1234'5678;
constexpr std::uint64_t item_count = 40;

std::uint64_t take_position(Bytes& bytes) {
    const std::uint64_t low = take_byte(bytes);
    return (low | std::uint64_t{take_byte(bytes)} << 8U) * 8;  // half of them are aligned to frames
}

/// Gives the header at a place the check that it ought to have: by chance none has.
void seal(std::vector<std::byte>& ring, std::uint64_t head) {
    engine::FrameHeader header;
    std::byte* const place = ring.data() + head % ring.size();
    std::memcpy(&header, place, sizeof header);
    header.check = header.expected_check(head, secret);
    std::memcpy(place, &header, sizeof header);
}

}  // namespace

void decode(Bytes bytes) {
    const std::size_t capacity = engine::frame_align << take_byte(bytes) % 9U;
    const std::uint64_t first =
        take_position(bytes) / engine::frame_align * engine::frame_align;  // the client's own
    const std::uint64_t tail = first + take_position(bytes);
    std::uint32_t sealed = take_byte(bytes);
    const std::uint64_t stride = take_byte(bytes) % 2 == 0 ? 0 : 8;
    std::vector<std::byte> ring(capacity);  // on the heap: AddressSanitizer sees its end
    std::copy_n(bytes.begin(), std::min(bytes.size(), capacity), ring.begin());

    engine::Job job(std::make_shared<detail::VectorSink<double>>(item_count));
    job.count = item_count;
    job.fail_fast = true;
    if (!engine::is_tail(tail, first, capacity)) {
        return;
    }
    for (std::uint64_t head = first; head != tail;) {
        if ((sealed >> (head / engine::frame_align % 8) & 1U) != 0) {
            seal(ring, head);
        }
        const auto frame = engine::frame_at(ring, head, tail, secret);
        if (!frame) {
            return;
        }
        require(frame->payload.data() >= ring.data() &&
                frame->payload.data() + frame->payload.size() <= ring.data() + ring.size());
        if (frame->header.kind != engine::FrameKind::padding &&
            !engine::take_frame(job, stride, frame->header, frame->payload)) {
            return;
        }
        head += engine::frame_size(frame->header.bytes);
        require(head <= tail);
    }
}

}  // namespace procpool::fuzz
