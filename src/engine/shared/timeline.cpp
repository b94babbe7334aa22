#include "engine/shared/timeline.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>

#include "os/clock.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// Claims that are farther apart are no neighbours.
constexpr std::uint64_t longest_gap = 20 * os::us;

}  // namespace

void TimelineRecord::set_text(std::string_view words) {
    size = static_cast<std::uint16_t>(std::min(words.size(), longest_text));
    std::copy_n(words.data(), size, text.begin());
}

/// A worker goes on where the one before it in its place died, and publishes what that one was
/// extending.
TimelineWriter::TimelineWriter(TimelinePages& pages, const Word& head, const Word& quantum_ns)
    : pages_(&pages), head_(&head), quantum_ns_(&quantum_ns) {
    // A task may have written over them.
    const std::uint64_t read = head.load(std::memory_order_acquire);
    const std::uint64_t tail = pages.tail.load(std::memory_order_relaxed);
    tail_ = tail - read <= TimelinePages::capacity ? tail : read;
    const bool is_extended = pages.open.load(std::memory_order_relaxed) == tail_ + 1 &&
                             tail_ - read < TimelinePages::capacity;
    pages.open.store(0, std::memory_order_relaxed);
    tail_ += is_extended ? 1 : 0;
    pages.tail.store(tail_, std::memory_order_release);
}

/// The place of the next record; null, and counts it, if there is none.
TimelineRecord* TimelineWriter::next() {
    if (tail_ - head_->load(std::memory_order_acquire) >= TimelinePages::capacity) {
        pages_->dropped.store(pages_->dropped.load(std::memory_order_relaxed) + 1,
                              std::memory_order_relaxed);
        return nullptr;
    }
    return &pages_->at(tail_);
}

/// What is written in the next place.
void TimelineWriter::publish() {
    pages_->tail.store(++tail_, std::memory_order_release);
    pages_->open.store(0, std::memory_order_relaxed);
    open_ = nullptr;
}

void TimelineWriter::add(const TimelineRecord& record) {
    if (open_ != nullptr) {
        publish();
    }
    if (TimelineRecord* const to = next()) {
        // The text is copied as far as there is one.
        std::memcpy(static_cast<void*>(to), &record,
                    offsetof(TimelineRecord, text) + record.read_text().size());
        publish();
    }
}

void TimelineWriter::add_items(std::uint64_t began, std::uint64_t ended, std::uint64_t first,
                               std::uint64_t count, std::uint64_t serial, std::int32_t pid) {
    if (open_ != nullptr && open_->serial == serial && began - open_->ended <= longest_gap &&
        ended - open_->began <= quantum_ns()) {
        open_->ended = ended;
        open_->count += static_cast<std::uint32_t>(count);
        return;
    }
    if (open_ != nullptr) {
        publish();
    }
    if (TimelineRecord* const to = next()) {
        to->began = began;
        to->ended = ended;
        to->first = first;
        to->serial = serial;
        to->count = static_cast<std::uint32_t>(count);
        to->pid = pid;
        to->track = 0;
        to->kind = RecordKind::items;
        to->size = 0;
        open_ = to;
        pages_->open.store(tail_ + 1, std::memory_order_release);
    }
}

namespace own_timeline {
namespace {

// Of this process, and inherited by what it forks. The lock is used by a worker only: whoever finds
// it held is a thread of the same worker.
TimelineWriter own;
std::int32_t own_number = 0;
constinit bool below_worker = false;
constinit bool may_write = true;
constinit std::mutex lock;

}  // namespace

void set(const TimelineWriter& writer) noexcept {
    below_worker = true;
    may_write = true;
    new (&lock) std::mutex;  // a thread of the program that this was forked from may have held it
    own = writer;
    own_number = os::own_pid();
}

void begin_copy() noexcept { new (&lock) std::mutex; }

void end_copy() noexcept {
    const std::scoped_lock locked(lock);
    own.catch_up();
}

bool is_below_worker() noexcept { return below_worker; }

bool exists() noexcept { return own && os::worker_mark().load(std::memory_order_relaxed) != 0; }

void allow_writing(bool may) noexcept {
    const std::scoped_lock locked(lock);
    may_write = may;
}

void add(const TimelineRecord& record) noexcept {
    const std::scoped_lock locked(lock);
    if (may_write) {
        own.add(record);
    }
}

void add_items(std::uint64_t began, std::uint64_t ended, std::uint64_t first, std::uint64_t count,
               std::uint64_t serial) noexcept {
    const std::scoped_lock locked(lock);
    own.add_items(began, ended, first, count, serial, own_number);
}

std::uint64_t quantum_ns() noexcept { return own.quantum_ns(); }

}  // namespace own_timeline

}  // namespace engine
PROCPOOL_END_NAMESPACE
