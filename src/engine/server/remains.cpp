#include "engine/server/remains.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "engine/shared/ring_writer.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

using Header = std::optional<FrameHeader>;

/// The header that lies at this position, if it is sound.
Header header_at(const Layout& layout, int worker, std::uint64_t position) {
    const std::uint64_t place = position_of(position, layout.ring_size());
    if (position % frame_align != 0) {
        return std::nullopt;
    }
    FrameHeader header;
    std::memcpy(&header, layout.ring(worker) + place, sizeof header);
    if (header.check != header.expected_check(position, layout.pool().secret)) {
        return std::nullopt;
    }
    return header;
}

/// Does the ring end behind this frame, or behind padding behind it?
bool ends_behind(const Layout& layout, int worker, std::uint64_t position, const FrameHeader& frame,
                 std::uint64_t tail) {
    const std::uint64_t end = position + frame_size(frame.bytes);
    if (end == tail) {
        return true;
    }
    const Header padding = header_at(layout, worker, end);
    return padding && padding->kind == FrameKind::padding &&
           end + frame_size(padding->bytes) == tail;
}

}  // namespace

bool make_sense(const Layout& layout, int worker, const Recovery::Finding& finding) {
    const Slot& slot = layout.slot(worker);
    const std::uint64_t current = slot.current.load(std::memory_order_acquire);
    if (!is_current(current)) {
        return false;
    }
    if (finding.state != Recovery::State::held) {
        // Who holds nothing runs nothing. (It may have been about to start what was stolen, and
        // what was stolen may be delivered by now.)
        return finding.state == Recovery::State::nothing &&
               (finding.job_is_over || !is_running(current));
    }
    const std::uint64_t first = slot.frame_first.load(std::memory_order_acquire);
    const std::uint64_t position = slot.frame_pos.load(std::memory_order_acquire);
    const std::uint64_t tail = slot.tail.load(std::memory_order_acquire);
    const std::uint64_t item = item_of(current);
    if (first == item && !is_running(current)) {
        return true;  // all that is finished is published
    }
    if (position == no_frame) {
        return false;
    }
    if (position == tail) {
        const Header header = header_at(layout, worker, tail);
        const bool alone = header && header->first + header->count == first;
        return first > item ? alone : alone || RingWriter(layout, worker).untouched();
    }
    const Header header = header_at(layout, worker, position);
    if (header && header->kind == FrameKind::padding) {
        // A frame was open there, still empty, when the ring was restarted.
        return first == item && position + frame_size(header->bytes) == tail;
    }
    if (!header || header->serial != finding.claim.serial ||
        !ends_behind(layout, worker, position, *header, tail)) {
        return false;
    }
    if (first == item) {
        return true;
    }
    const std::uint64_t from = std::min(first, item);
    return header->first == from && from + header->count == std::max(first, item);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
