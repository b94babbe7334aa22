#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "engine/shared/steps.hpp"
#include "engine/worker/worker.hpp"
#include "os/output.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Shipping what items gave (docs/protocol.md, part 4).
namespace engine {

namespace {

/// A client that waits for a whole job is called when this much lies in a ring. The padding of a
/// restart counts: its room is to be given back soon.
constexpr std::uint64_t backlog_to_ring = std::uint64_t{256} << 10U;
/// Room reserved for variable-sized results at a time.
constexpr std::uint64_t variable_frame = std::uint64_t{32} << 10U;

}  // namespace

/// Opens a frame for results from `run.next` on and says how far it may run.
void WorkerLoop::open_frame(Run& run) {
    if (page_->sized_results()) {
        open_sized_frame(run.next, 0);
    } else {
        frame_first_ = run.next;
        std::uint64_t payload = 0;
        if (page_->in_place == nullptr) {
            payload = (run.last - run.next) * page_->result_stride;
            if (payload > ring_.largest_payload()) {
                const std::uint64_t fits =
                    std::max<std::uint64_t>(1, ring_.largest_payload() / page_->result_stride);
                run.last = std::min(run.last, run.next + fits);
                payload = (run.last - run.next) * page_->result_stride;
            }
        }
        ring_.reserve(payload, [this] { call_clients(); });
        ring_.open(run.next);
        run.output_ = page_->in_place != nullptr
                          ? page_->in_place
                          : ring_.payload() - run.next * page_->result_stride;
    }
    run.last = std::min(run.last, run.next + 0x7fff'ffffU);  // a header counts items in 32 bits
}

/// Opens a frame for variable-sized results from `item` on, with room for one of `entry` bytes.
void WorkerLoop::open_sized_frame(std::uint64_t item, std::uint64_t entry) {
    frame_first_ = item;
    frame_used_ = 0;
    frame_capacity_ = std::max(entry, variable_frame);
    slot_.frame_used.store(0, std::memory_order_relaxed);
    ring_.reserve(frame_capacity_, [this] { call_clients(); });
    ring_.open(item);
}

/// Publishes the open frame with everything before `run.next`, if that is anything.
void WorkerLoop::close_frame(const Run& run) {
    const std::uint64_t count = run.next - frame_first_;
    if (count == 0) {
        return;
    }
    if (slot_.phase.load(std::memory_order_relaxed) != phase::taken || !ring_.untouched()) {
        // A task wrote over the slot or the ring, so it may have written over the results that are
        // there: nothing of them is published, and the fork server finds things as they are.
        os::end_process(EXIT_FAILURE);
    }
    FrameHeader header;
    header.kind = page_->sized_results() ? FrameKind::sized : FrameKind::results;
    header.job = static_cast<std::uint16_t>(claim_.job);
    header.serial = claim_.serial;
    header.first = frame_first_;
    header.count = static_cast<std::uint32_t>(count);
    if (page_->sized_results()) {
        header.bytes = static_cast<std::uint32_t>(frame_used_);
    } else if (page_->in_place == nullptr) {
        header.bytes = static_cast<std::uint32_t>(count * page_->result_stride);
    }
    ring_.seal(header);
    reach(Step::header_written, worker_);
    os::flush_output();
    ring_.publish();
    reach(Step::frame_published, worker_);
    published();
}

void WorkerLoop::emit(Run& run, std::span<const std::byte> bytes) {
    const std::uint64_t need = entry_size(bytes.size());
    if (frame_used_ + need > frame_capacity_) {
        close_frame(run);
        if (need > ring_.largest_payload()) {
            emit_parts(run.next, bytes);
            return;
        }
        open_sized_frame(run.next, need);
    }
    const Entry entry{static_cast<std::uint32_t>(bytes.size()),
                      static_cast<std::uint32_t>(run.next - frame_first_)};
    std::byte* place = ring_.payload() + frame_used_;
    std::memcpy(place, &entry, sizeof entry);
    if (!bytes.empty()) {
        std::memcpy(place + sizeof entry, bytes.data(), bytes.size());
    }
    frame_used_ += need;
    slot_.frame_used.store(frame_used_, std::memory_order_release);
}

/// A result too large for one frame: pieces, of which the last publishes the item.
void WorkerLoop::emit_parts(std::uint64_t item, std::span<const std::byte> bytes) {
    const std::uint64_t piece = ring_.largest_payload() - sizeof(PartHeader);
    PartHeader part{0, bytes.size()};
    while (bytes.size() - part.offset > piece) {
        ring_.reserve(piece + sizeof part, [this] { call_clients(); });
        ring_.open(item);
        std::memcpy(ring_.payload(), &part, sizeof part);
        std::memcpy(ring_.payload() + sizeof part, bytes.data() + part.offset, piece);
        FrameHeader header{.kind = FrameKind::part,
                           .job = static_cast<std::uint16_t>(claim_.job),
                           .serial = claim_.serial,
                           .first = item,
                           .count = 0,
                           .bytes = static_cast<std::uint32_t>(piece + sizeof part)};
        ring_.seal(header);
        ring_.publish();
        reach(Step::part_published, worker_);
        published();
        part.offset += piece;
    }
    publish_alone({.kind = FrameKind::part, .first = item, .count = 1}, bytes.subspan(part.offset),
                  &part);
    // The thunk goes on with item + 1 in a frame of its own; nothing is in it yet.
    open_sized_frame(item + 1, 0);
}

/// docs/protocol.md, part 4, "items in a frame of their own". What came before them is published
/// already.
void WorkerLoop::publish_alone(FrameHeader header, std::span<const std::byte> bytes,
                               const PartHeader* part) {
    const std::uint64_t prefix = part != nullptr ? sizeof *part : 0;
    header.job = static_cast<std::uint16_t>(claim_.job);
    header.serial = claim_.serial;
    header.bytes = static_cast<std::uint32_t>(prefix + bytes.size());
    ring_.reserve(header.bytes, [this] { call_clients(); });
    ring_.open(header.first);
    if (part != nullptr) {
        std::memcpy(ring_.payload(), part, sizeof *part);
    }
    if (!bytes.empty()) {
        std::memcpy(ring_.payload() + prefix, bytes.data(), bytes.size());
    }
    ring_.seal(header);
    reach(Step::single_written, worker_);
    const std::uint64_t end = header.first + header.count;
    slot_.frame_first.store(end, std::memory_order_release);
    reach(Step::single_marked, worker_);
    os::flush_output();
    ring_.publish();
    reach(Step::single_published, worker_);
    slot_.current.store(resting_at(end), std::memory_order_release);
    published();
}

/// After a publication. The bell is owed: it is rung when the job turns out to be handed out, which
/// the next claim of it finds anyway. At once only if the client wants every item, or the ring
/// fills.
void WorkerLoop::published() {
    const std::uint64_t backlog = ring_.backlog();
    if (backlog < rung_at_) {
        rung_at_ = 0;
    }
    const bool filling = backlog >= rung_at_ + backlog_to_ring;
    owed_job_ = claim_.job;
    if (page_->eager || filling) {
        rung_at_ = filling ? backlog : rung_at_;
        ring(claim_.job);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
