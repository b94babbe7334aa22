#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/ring_writer.hpp"
#include "engine/worker/bells.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Sends the results of items, as frames of the result ring (docs/protocol.md, part 4).
class Outbox {
public:
    Outbox(const Seat& seat, Bells& bells)
        : seat_(seat), bells_(bells), ring_(seat.layout, seat.worker) {}

    /// What follows belongs to this claim.
    void begin_claim(const Claim& claim, const JobPage& page) {
        claim_ = &claim;
        terms_ = &page.terms;
        if (claim.serial != serial_) {
            serial_ = claim.serial;
            ring_.set_awaited(page.terms.waited || page.terms.eager);
        }
    }

    /// Opens a frame for results from item `next` on. Lowers `last` to what it has room for.
    /// Returns where results of a fixed size are written: the address that the result of item 0
    /// would have in this frame. Blocks while the ring is full.
    [[gnu::hot]] [[nodiscard]] std::byte* open(std::uint64_t next, std::uint64_t& last);
    /// Publishes the open frame with all results before `end`, if there are any.
    [[gnu::hot]] void close(std::uint64_t end);
    /// Nothing is open, and everything before the item is published.
    void skip_to(std::uint64_t item) { frame_first_ = item; }

    /// A copy of this worker published everything before the item.
    void catch_up(std::uint64_t item) {
        ring_.catch_up();
        skip_to(item);
    }

    /// Writes the result of an item, of variable size, to the open frame, or sends it in pieces.
    [[gnu::hot]] void emit(std::uint64_t item, std::span<const std::byte> bytes);

    /// Publishes that an item failed. The failure is cut if it is too long. All items before it
    /// must be published already.
    void publish_failure(std::uint64_t item, std::span<const std::byte> failure);
    /// Publishes that items [item, end) are not run. All items before them must be published
    /// already.
    void publish_skipped(std::uint64_t item, std::uint64_t end);
    /// Publishes the failure of the pool's initializer, which belongs to no job.
    void publish_initializer_failure(std::span<const std::byte> failure);

    /// Prefetches the memory that the next frame is written to.
    void fetch_tail() const { ring_.fetch_tail(); }

private:
    void open_sized(std::uint64_t item, std::uint64_t entry);
    void emit_parts(std::uint64_t item, std::span<const std::byte> bytes);
    void publish_alone(FrameHeader header, std::span<const std::byte> bytes,
                       const PartHeader* part = nullptr);
    [[gnu::hot]] void reserve(std::uint64_t payload);
    [[gnu::hot]] void published();

    const Seat& seat_;
    Bells& bells_;
    RingWriter ring_;
    const Claim* claim_ = nullptr;
    const JobTerms* terms_ = nullptr;
    std::uint64_t serial_ = 0;
    std::uint64_t frame_first_ = 0;
    std::uint64_t frame_used_ = 0;      // bytes of sized results in the open frame
    std::uint64_t frame_capacity_ = 0;  // bytes reserved for them
    std::uint64_t rung_at_ = 0;         // backlog when a filling ring last rang the bell
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
