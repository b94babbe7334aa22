#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "engine/shared/steps.hpp"
#include "trace/crash.hpp"
#include "trace/stack.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The worker's end of its result ring: frames are written at the tail and published by moving it.
/// The tail is kept in private memory too, so a task that writes over the slot does not mislead the
/// worker itself.
class RingWriter {
public:
    RingWriter(const Layout& layout, int worker)
        : slot_(layout.slot(worker)),
          line_(layout.line(worker)),
          pool_(layout.pool()),
          base_(layout.ring(worker)),
          capacity_(layout.ring_size()),
          worker_(worker),
          tail_(slot_.tail.load(std::memory_order_relaxed)),
          first_(slot_.frame_first.load(std::memory_order_relaxed)) {}

    /// Whether a client waits for what is written from here on.
    void set_awaited(bool awaited) { restart_at_ = awaited ? warm_bytes : patient_bytes; }

    /// Payloads are at most this long.
    [[nodiscard]] std::uint64_t largest_payload() const {
        return capacity_ / 4 - sizeof(FrameHeader);
    }

    /// Makes room for a frame of `payload` bytes in one piece at the tail. `when_full` is called
    /// before each wait.
    template <class WhenFull>
    void reserve(std::uint64_t payload, WhenFull&& when_full);

    /// As `reserve`, for the fork server after the worker's death: never waits, and may use the
    /// room that workers leave free.
    [[nodiscard]] bool try_reserve(std::uint64_t payload) {
        const std::uint64_t wanted = wanted_for(payload);
        if (capacity_ - backlog() < wanted) {
            return false;
        }
        pad_for(payload, wanted);
        return true;
    }

    /// Opens a frame at the tail, for results from `item` on.
    void open(std::uint64_t item) {
        first_ = item;
        word(at_tail(), 0).store(guard(), std::memory_order_relaxed);
        slot_.frame_first.store(item, std::memory_order_release);
        slot_.frame_pos.store(tail_, std::memory_order_release);
        reach(Step::frame_opened, worker_);
    }

    /// False if somebody wrote over the beginning of the frame at the tail since it was opened.
    /// Then the results behind it may be overwritten too.
    [[nodiscard]] bool untouched() const {
        return word(at_tail(), 0).load(std::memory_order_relaxed) == guard() || is_sealed();
    }

    [[nodiscard]] std::byte* payload() const { return at_tail() + sizeof(FrameHeader); }

    /// Prefetches the memory that the next frame is written to.
    void fetch_tail() const {
        wait::fetch(at_tail(), 2 * cache_line);
        wait::fetch(&line_, sizeof line_);
    }

    /// Writes the header of the frame at the tail.
    void seal(FrameHeader header) {
        header.check = header.expected_check(tail_, pool_.secret);
        const auto words = header.words();
        std::byte* const at = at_tail();
        static_assert(std::tuple_size_v<decltype(words)> == 4);
        word(at, 1).store(words[1], std::memory_order_relaxed);
        word(at, 2).store(words[2], std::memory_order_relaxed);
        word(at, 3).store(words[3], std::memory_order_relaxed);
        // One store replaces the guard by the header's first word.
        word(at, 0).store(words[0], std::memory_order_release);
        sealed_ = frame_size(header.bytes);
    }
    /// Publishes the sealed frame.
    void publish() {
        tail_ += sealed_;
        slot_.tail.store(tail_, std::memory_order_release);
    }

    /// Another process wrote in the place of this one, and has ended: takes over its tail.
    void catch_up() { tail_ = slot_.tail.load(std::memory_order_acquire); }

    /// Bytes published and not yet consumed.
    [[nodiscard]] std::uint64_t backlog() const {
        return tail_ - line_.head.load(std::memory_order_relaxed);
    }

private:
    /// Beyond `restart_at_` an empty ring is restarted at its beginning, so that few pages are ever
    /// touched and those in use stay warm. Until a client has seen the restart, only this much room
    /// is left, less the headroom. That is enough where a client waits; others may take long to
    /// look.
    static constexpr std::uint64_t warm_bytes = std::uint64_t{64} << 10U;
    static constexpr std::uint64_t patient_bytes = std::uint64_t{512} << 10U;

    [[nodiscard]] std::byte* at_tail() const { return base_ + position_of(tail_, capacity_); }

    /// A word of the header of the frame that begins there. While the frame is open, the first word
    /// is the guard.
    [[nodiscard]] static std::atomic_ref<std::uint64_t> word(std::byte* frame, std::size_t index) {
        return std::atomic_ref(reinterpret_cast<std::uint64_t*>(frame)[index]);
    }
    [[nodiscard]] std::uint64_t guard() const {
        return tail_ ^ pool_.secret ^ first_ * 0xc2b2'ae3d'27d4'eb4fU;
    }

    /// What a worker leaves free, so that its death can always be reported. The stack is the
    /// longest part of a report.
    static constexpr std::uint64_t headroom = std::uint64_t{24} << 10U;
    static_assert(headroom > trace::longest_stack + trace::CrashReport::longest_note + 1024);

    [[nodiscard]] std::uint64_t wanted_for(std::uint64_t payload) const {
        const std::uint64_t need = frame_size(payload);
        const std::uint64_t position = position_of(tail_, capacity_);
        const bool restart =
            position > restart_at_ && position >= need + headroom && backlog() == 0;
        return restart || capacity_ - position < need ? capacity_ - position + need : need;
    }
    [[nodiscard]] bool has_room(std::uint64_t wanted) const {
        return capacity_ - backlog() >= wanted + headroom;
    }
    /// Blocks until there is this much room and the headroom.
    template <class WhenFull>
    [[gnu::cold, gnu::noinline]] void wait_for_room(std::uint64_t wanted, WhenFull&& when_full);
    /// Skips the rest of the ring if the frame does not fit there in one piece, or if the ring is
    /// restarted.
    void pad_for(std::uint64_t payload, std::uint64_t wanted) {
        if (wanted != frame_size(payload)) [[unlikely]] {
            pad(wanted - frame_size(payload));
        }
    }
    [[gnu::cold, gnu::noinline]] void pad(std::uint64_t bytes) {
        FrameHeader padding;
        padding.kind = FrameKind::padding;
        padding.bytes = static_cast<std::uint32_t>(bytes - sizeof(FrameHeader));
        seal(padding);
        publish();
    }
    /// Has the frame at the tail its header already?
    [[gnu::cold, gnu::noinline]] [[nodiscard]] bool is_sealed() const {
        FrameHeader header;
        std::memcpy(&header, at_tail(), sizeof header);
        return header.check == header.expected_check(tail_, pool_.secret);
    }

    Slot& slot_;
    WorkerLine& line_;
    PoolPage& pool_;
    std::byte* base_;
    std::uint64_t capacity_;
    int worker_;
    std::uint64_t tail_;
    std::uint64_t first_;  // item of the frame at the tail
    std::uint64_t sealed_ = 0;
    std::uint64_t restart_at_ = patient_bytes;
};

template <class WhenFull>
void RingWriter::reserve(std::uint64_t payload, WhenFull&& when_full) {
    const std::uint64_t wanted = wanted_for(payload);
    if (!has_room(wanted)) [[unlikely]] {
        wait_for_room(wanted, when_full);
    }
    slot_.starved.store(0, std::memory_order_relaxed);
    pad_for(payload, wanted);
}

template <class WhenFull>
void RingWriter::wait_for_room(std::uint64_t wanted, WhenFull&& when_full) {
    while (!has_room(wanted)) {
        const std::uint32_t emptied = pool_.emptied_rings.load(std::memory_order_seq_cst);
        slot_.starved.exchange(1, std::memory_order_seq_cst);
        if (has_room(wanted)) {
            return;
        }
        when_full();
        os::futex_wait(pool_.emptied_rings, emptied, os::no_timeout);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
