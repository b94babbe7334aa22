#include "engine/client/inbox.hpp"

#include "engine/client/frames.hpp"
#include "engine/client/ring_reader.hpp"
#include "os/futex.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// While a ring is emptied, its worker is given the room in pieces of this size.
constexpr std::uint64_t bytes_per_release = std::uint64_t{128} << 10U;

}  // namespace

void Inbox::collect() {
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        const Slot& slot = layout_.slot(worker);
        Reader& reader = readers_[static_cast<std::size_t>(worker)];
        if (slot.tail.load(std::memory_order_acquire) != reader.head) {
            empty_ring(worker);
        }
        if (const std::uint64_t alarm = slot.alarm.load(std::memory_order_relaxed);
            alarm != reader.alarm) {
            reader.alarm = alarm;
            damaged_ = damaged_ || alarm != 0;
        }
    }
    if (const std::uint64_t downs = layout_.server().downs.load(std::memory_order_acquire);
        downs != downs_seen_) {
        downs_seen_ = downs;
        damaged_ = true;
    }
}

/// About as many bytes as the functions have on x86-64: too few or too many only cost time.
void Inbox::fetch_code() const {
    wait::fetch_code(&Inbox::empty_ring, 0x240);
    wait::fetch_code(&Inbox::take, 0x200);
    wait::fetch_code(frame_at, 0x180);
    wait::fetch_code(take_frame, 0x300);
    board_.fetch_code();
}

void Inbox::empty_ring(int worker) {
    Slot& slot = layout_.slot(worker);
    WorkerLine& line = layout_.line(worker);
    Reader& reader = readers_[static_cast<std::size_t>(worker)];
    const std::uint64_t incarnation =
        layout_.server_line(worker).incarnation.load(std::memory_order_acquire);
    if (reader.corrupt != 0 && reader.corrupt == incarnation) {
        return;
    }
    const std::uint64_t capacity = layout_.ring_size();
    const std::span<const std::byte> ring(layout_.ring(worker), capacity);
    const std::uint64_t tail = slot.tail.load(std::memory_order_acquire);
    bool sane = is_tail(tail, reader.head, capacity);
    std::uint64_t released = reader.head;
    while (sane && reader.head != tail) {
        const auto frame = frame_at(ring, reader.head, tail, layout_.pool().secret);
        sane = frame && take(frame->header, frame->payload);
        if (sane) {
            reader.head += frame_size(frame->header.bytes);
            if (reader.head - released > bytes_per_release) {
                released = reader.head;
                line.head.store(released, std::memory_order_release);
            }
        }
    }
    line.head.exchange(reader.head, std::memory_order_seq_cst);
    if (slot.starved.load(std::memory_order_seq_cst) != 0) {
        layout_.pool().emptied_rings.fetch_add(1, std::memory_order_seq_cst);
        os::futex_wake(layout_.pool().emptied_rings, 1 << 30);
    }
    if (!sane) {
        condemn(worker);
    }
}

void Inbox::condemn(int worker) {
    const std::uint64_t incarnation =
        layout_.server_line(worker).incarnation.load(std::memory_order_acquire);
    readers_[static_cast<std::size_t>(worker)].corrupt = incarnation;
    layout_.line(worker).condemn.store(incarnation, std::memory_order_release);
    layout_.pool().condemned.fetch_add(1, std::memory_order_release);
    server_.poke();
    damaged_ = true;
}

void Inbox::mark_emptied(int worker, std::uint64_t down) {
    Reader& reader = readers_[static_cast<std::size_t>(worker)];
    reader.alarm = 0;
    layout_.line(worker).emptied.store(down, std::memory_order_release);
}

/// Takes in one frame. False if it cannot be genuine.
bool Inbox::take(const FrameHeader& header, std::span<const std::byte> payload) {
    if (header.kind == FrameKind::padding) {
        return true;
    }
    if (header.kind == FrameKind::initializer) {
        initializer_failure_ = decode_failure(payload);
        return layout_.pool().initialize != nullptr;
    }
    Job* const job = board_.find(header.job, header.serial);
    if (job == nullptr ||
        !take_frame(*job, layout_.job(header.job).terms.shipped_stride(), header, payload)) {
        return false;
    }
    if (header.kind == FrameKind::failure) {
        ++failed_;
        if (timeline_.is_on()) {
            timeline_.item_died(decode_failure(payload));
        }
    } else if (header.kind != FrameKind::skipped) {
        done_ += header.count;
    }
    if (header.kind == FrameKind::failure && job->fail_fast) {
        try {
            board_.close(*job, true);  // and it may be complete, and gone
        } catch (const std::bad_alloc&) {
            // The frame is taken in, and its worker has closed the job: the rest of it is dropped
            // at a later look.
        }
    } else {
        board_.finish_if_complete(*job);
    }
    return true;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
