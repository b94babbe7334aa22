#include "engine/worker/outbox.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "engine/shared/steps.hpp"
#include "os/output.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// A client that waits for a whole job is called when this much lies in a ring. The padding of a
/// restart counts, so that its room is given back soon.
constexpr std::uint64_t backlog_to_ring = std::uint64_t{256} << 10U;
/// Room reserved for sized results at a time.
constexpr std::uint64_t sized_frame = std::uint64_t{32} << 10U;

}  // namespace

void Outbox::reserve(std::uint64_t payload) {
    ring_.reserve(payload, [this] { bells_.ring_all(); });
}

std::byte* Outbox::open(std::uint64_t next, std::uint64_t& last) {
    std::byte* output = nullptr;
    if (terms_->sized_results()) {
        open_sized(next, 0);
    } else {
        frame_first_ = next;
        const std::size_t stride = terms_->shipped_stride();
        std::uint64_t payload = (last - next) * stride;
        if (payload > ring_.largest_payload()) {
            last = next + std::max<std::uint64_t>(1, ring_.largest_payload() / stride);
            payload = (last - next) * stride;
        }
        reserve(payload);
        ring_.open(next);
        output = terms_->in_place != nullptr ? terms_->in_place : ring_.payload() - next * stride;
    }
    last = std::min(last, next + 0x7fff'ffffU);  // a header counts items in 32 bits
    return output;
}

/// Opens a frame for sized results from `item` on, with room for one of `entry` bytes.
void Outbox::open_sized(std::uint64_t item, std::uint64_t entry) {
    frame_first_ = item;
    frame_used_ = 0;
    frame_capacity_ = std::max(entry, sized_frame);
    seat_.slot.frame_used.store(detail::seal(0), std::memory_order_relaxed);
    reserve(frame_capacity_);
    ring_.open(item);
}

void Outbox::close(std::uint64_t end) {
    const std::uint64_t count = end - frame_first_;
    if (count == 0) {
        return;
    }
    if (seat_.slot.phase.load(std::memory_order_relaxed) != phase::taken || !ring_.untouched()) {
        // A task wrote over the slot or the ring, so it may have written over the results there.
        // None of them is published, and the phase says so: the fork server has what is missing
        // run again.
        seat_.slot.phase.store(phase::spoiled, std::memory_order_release);
        os::end_process(EXIT_FAILURE);
    }
    FrameHeader header;
    header.kind = terms_->sized_results() ? FrameKind::sized : FrameKind::results;
    header.job = static_cast<std::uint16_t>(claim_->job);
    header.serial = claim_->serial;
    header.first = frame_first_;
    header.count = static_cast<std::uint32_t>(count);
    header.bytes = static_cast<std::uint32_t>(
        terms_->sized_results() ? frame_used_ : count * terms_->shipped_stride());
    ring_.seal(header);
    reach(Step::header_written, seat_.worker);
    os::flush_output();
    ring_.publish();
    reach(Step::frame_published, seat_.worker);
    published();
}

void Outbox::emit(std::uint64_t item, std::span<const std::byte> bytes) {
    const std::uint64_t need = entry_size(bytes.size());
    if (frame_used_ + need > frame_capacity_) {
        close(item);
        if (need > ring_.largest_payload()) {
            emit_parts(item, bytes);
            return;
        }
        open_sized(item, need);
    }
    const Entry entry{static_cast<std::uint32_t>(bytes.size()),
                      static_cast<std::uint32_t>(item - frame_first_)};
    std::byte* place = ring_.payload() + frame_used_;
    std::memcpy(place, &entry, sizeof entry);
    if (!bytes.empty()) {
        std::memcpy(place + sizeof entry, bytes.data(), bytes.size());
    }
    frame_used_ += need;
    seat_.slot.frame_used.store(detail::seal(frame_used_), std::memory_order_release);
}

/// Sends a result that is too large for one frame in pieces; the last piece publishes the item.
void Outbox::emit_parts(std::uint64_t item, std::span<const std::byte> bytes) {
    const std::uint64_t piece = ring_.largest_payload() - sizeof(PartHeader);
    PartHeader part{0, bytes.size()};
    while (bytes.size() - part.offset > piece) {
        reserve(piece + sizeof part);
        ring_.open(item);
        std::memcpy(ring_.payload(), &part, sizeof part);
        std::memcpy(ring_.payload() + sizeof part, bytes.data() + part.offset, piece);
        ring_.seal({.kind = FrameKind::part,
                    .job = static_cast<std::uint16_t>(claim_->job),
                    .serial = claim_->serial,
                    .first = item,
                    .count = 0,
                    .bytes = static_cast<std::uint32_t>(piece + sizeof part)});
        ring_.publish();
        reach(Step::part_published, seat_.worker);
        published();
        part.offset += piece;
    }
    publish_alone({.kind = FrameKind::part, .first = item, .count = 1}, bytes.subspan(part.offset),
                  &part);
    // The thunk continues with item + 1 in a new frame, which is still empty.
    open_sized(item + 1, 0);
}

void Outbox::publish_failure(std::uint64_t item, std::span<const std::byte> failure) {
    publish_alone({.kind = FrameKind::failure, .first = item, .count = 1},
                  failure.first(std::min<std::size_t>(failure.size(), ring_.largest_payload())));
}

void Outbox::publish_skipped(std::uint64_t item, std::uint64_t end) {
    while (item < end) {
        const auto count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(end - item, std::numeric_limits<std::int32_t>::max()));
        publish_alone({.kind = FrameKind::skipped, .first = item, .count = count}, {});
        item += count;
    }
}

/// docs/protocol.md, part 4, "items in a frame of their own".
void Outbox::publish_alone(FrameHeader header, std::span<const std::byte> bytes,
                           const PartHeader* part) {
    const std::uint64_t prefix = part != nullptr ? sizeof *part : 0;
    header.job = static_cast<std::uint16_t>(claim_->job);
    header.serial = claim_->serial;
    header.bytes = static_cast<std::uint32_t>(prefix + bytes.size());
    reserve(header.bytes);
    ring_.open(header.first);
    if (part != nullptr) {
        std::memcpy(ring_.payload(), part, sizeof *part);
    }
    if (!bytes.empty()) {
        std::memcpy(ring_.payload() + prefix, bytes.data(), bytes.size());
    }
    ring_.seal(header);
    reach(Step::single_written, seat_.worker);
    const std::uint64_t end = header.first + header.count;
    seat_.slot.frame_first.store(end, std::memory_order_release);
    reach(Step::single_marked, seat_.worker);
    os::flush_output();
    ring_.publish();
    reach(Step::single_published, seat_.worker);
    seat_.slot.current.store(resting_at(end), std::memory_order_release);
    published();
}

void Outbox::publish_initializer_failure(std::span<const std::byte> failure) {
    const auto size =
        static_cast<std::uint32_t>(std::min<std::size_t>(failure.size(), ring_.largest_payload()));
    reserve(size);
    ring_.open(0);
    std::memcpy(ring_.payload(), failure.data(), size);
    ring_.seal({.kind = FrameKind::initializer, .bytes = size});
    ring_.publish();
}

/// Call it after a publication. Rings the bell at once only if the client wants every item, or the
/// ring fills.
void Outbox::published() {
    const std::uint64_t backlog = ring_.backlog();
    if (backlog < rung_at_) {
        rung_at_ = 0;
    }
    const bool filling = backlog >= rung_at_ + backlog_to_ring;
    bells_.owe(claim_->job);
    if (terms_->eager || filling) {
        rung_at_ = filling ? backlog : rung_at_;
        bells_.ring(claim_->job);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
