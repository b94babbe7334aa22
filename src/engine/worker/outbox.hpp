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

/// Shipping what items gave, as frames of the result ring (docs/protocol.md, part 4).
class Outbox {
public:
    Outbox(const Seat& seat, Bells& bells)
        : seat_(seat), bells_(bells), ring_(seat.layout, seat.worker) {}

    /// What follows is of this claim.
    void begin_claim(const Claim& claim, const JobPage& page) {
        claim_ = &claim;
        terms_ = &page.terms;
        if (claim.serial != serial_) {
            serial_ = claim.serial;
            ring_.set_awaited(page.terms.waited || page.terms.eager);
        }
    }

    /// Opens a frame for results from item `next` on. Lowers `last` to what it has room for.
    /// Returns where results of a fixed size are written: the address of that of item 0, were it in
    /// this frame. Blocks while the ring is full.
    [[gnu::hot]] [[nodiscard]] std::byte* open(std::uint64_t next, std::uint64_t& last);
    /// Publishes the open frame with everything before `end`, if that is anything.
    [[gnu::hot]] void close(std::uint64_t end);
    /// Nothing is open, and everything before the item is published.
    void skip_to(std::uint64_t item) { frame_first_ = item; }

    /// The result of an item, of its own size, in the open frame or in pieces.
    [[gnu::hot]] void emit(std::uint64_t item, std::span<const std::byte> bytes);

    /// An item whose outcome is this failure, cut if it is too long. What came before it is
    /// published already.
    void publish_failure(std::uint64_t item, std::span<const std::byte> failure);
    /// Items [item, end) that are not run. What came before them is published already.
    void publish_skipped(std::uint64_t item, std::uint64_t end);
    /// What the pool's initializer failed with; of no job.
    void publish_initializer_failure(std::span<const std::byte> failure);

    /// Starts to bring here what the next frame is written to.
    void fetch_tail() const { ring_.fetch_tail(); }

private:
    void open_sized(std::uint64_t item, std::uint64_t entry);
    void emit_parts(std::uint64_t item, std::span<const std::byte> bytes);
    void publish_alone(FrameHeader header, std::span<const std::byte> bytes,
                       const PartHeader* part = nullptr);
    void reserve(std::uint64_t payload);
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
    std::uint64_t rung_at_ = 0;         // backlog at the last ring for a filling ring
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
