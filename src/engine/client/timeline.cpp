#include "engine/client/timeline.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include <sys/types.h>

#include "engine/client/timeline_file.hpp"
#include "os/clock.hpp"
#include "os/file.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// Tracks of jobs; these numbers are those of no threads.
constexpr std::uint32_t first_track = 1'000'000'000;

std::string program_name() {
    const std::string path = os::program_path();
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

bool Timeline::is_wanted() {
    return own_timeline::is_below_worker() ? own_timeline::exists()
                                           : TimelineFile::of_this_process() != nullptr;
}

Timeline::Timeline(const Layout& layout)
    : layout_(layout),
      is_on_(layout.pool().has_timeline),
      file_(is_on_ && !own_timeline::is_below_worker() ? TimelineFile::of_this_process() : nullptr),
      dropped_(is_on_ ? static_cast<std::size_t>(layout.workers()) + 1 : 0),
      quantum_ns_(layout.pool().timeline_quantum_ns.load(std::memory_order_relaxed)) {}

void Timeline::put(const TimelineRecord& record, std::string_view text) {
    if (file_ != nullptr) {
        file_->put(record, text);
    } else if (own_timeline::exists()) {
        TimelineRecord copy = record;
        copy.set_text(text);
        own_timeline::add(copy);
    }
}

void Timeline::begin(pid_t server) noexcept {
    if (!is_on_) {
        return;
    }
    try {
        const pid_t self = os::own_pid();
        if (file_ != nullptr) {  // a worker has its name
            put({.pid = self, .kind = RecordKind::process}, program_name() + " (client)");
        }
        put({.pid = server, .kind = RecordKind::process},
            "procpool server of " + std::to_string(self));
    } catch (const std::bad_alloc&) {
        // They have numbers only.
    }
}

/// `all`: also what nobody extends any more.
void Timeline::take_in(bool all) noexcept {
    try {
        const pid_t server = layout_.server().pid.load(std::memory_order_relaxed);
        const auto workers = static_cast<std::size_t>(layout_.workers());
        for (std::size_t worker = 0; worker < workers; ++worker) {
            const int number = static_cast<int>(worker);
            take_in(layout_.records(number), layout_.line(number).records_head, server,
                    dropped_[worker], all);
        }
        take_in(layout_.server_records(), layout_.pool().server_records_head, server,
                dropped_[workers], all);
        for (Track& track : tracks_) {
            if (all && track.pending.count != 0) {
                put(track.pending);
                track.pending.count = 0;
            }
        }
    } catch (const std::bad_alloc&) {
        // What was not taken in is at the next look.
    }
    if (file_ == nullptr) {
        return;
    }
    if (all) {
        file_->flush();
    } else {
        file_->flush_if_due(os::now_ns());
    }
    if (const std::uint64_t quantum = file_->quantum_ns(); quantum != quantum_ns_) {
        quantum_ns_ = quantum;
        layout_.pool().timeline_quantum_ns.store(quantum, std::memory_order_relaxed);
    }
}

/// Every word and every record there may have been written over.
void Timeline::take_in(const TimelinePages& pages, Word& head, std::int32_t pid,
                       std::uint64_t& dropped, bool all) {
    std::uint64_t tail = pages.tail.load(std::memory_order_acquire);
    std::uint64_t at = head.load(std::memory_order_relaxed);
    if (all && pages.open.load(std::memory_order_acquire) == tail + 1) {
        ++tail;
    }
    if (tail - at > TimelinePages::capacity) {
        at = tail;
    }
    for (; at != tail; ++at) {
        const TimelineRecord record = pages.at(at);
        put(record);
        head.store(at + 1, std::memory_order_release);
    }
    head.store(at, std::memory_order_release);
    const std::uint64_t lost = pages.dropped.load(std::memory_order_relaxed);
    if (all && lost != dropped) {
        const std::uint64_t now = os::now_ns();
        put({.began = now,
             .ended = now,
             .count = static_cast<std::uint32_t>(lost - dropped),
             .pid = pid,
             .kind = RecordKind::lost});
        dropped = lost;
    }
}

void Timeline::job_began(Job& job) noexcept {
    job.began_ns = os::now_ns();
    const auto free = std::ranges::find(tracks_, false, &Track::taken);
    job.track = static_cast<std::size_t>(free - tracks_.begin());
    try {
        if (free == tracks_.end()) {
            tracks_.emplace_back();
        }
        tracks_[job.track].taken = true;
    } catch (const std::bad_alloc&) {
        job.began_ns = 0;
    }
}

void Timeline::job_ended(const Job& job, std::uint64_t serial) noexcept {
    if (job.began_ns == 0) {
        return;
    }
    Track& track = tracks_[job.track];
    track.taken = false;
    const std::uint64_t now = os::now_ns();
    TimelineRecord& pending = track.pending;
    const bool follows = pending.count != 0 && now - pending.began <= quantum_ns_;
    try {
        if (!follows) {
            if (pending.count != 0) {
                put(pending);
            }
            pending = {.began = job.began_ns,
                       .pid = os::own_pid(),
                       .track = first_track + static_cast<std::uint32_t>(job.track),
                       .kind = RecordKind::job};
        }
    } catch (const std::bad_alloc&) {
        return;  // it stays there
    }
    pending.ended = now;
    pending.first += job.count;
    pending.serial = serial;
    ++pending.count;
}

void Timeline::item_died(const Failure& failure) noexcept {
    if (failure.worker_pid <= 0 || failure.kind == Failure::Kind::thrown) {
        return;
    }
    try {
        const std::uint64_t now = os::now_ns();
        put({.began = now,
             .ended = now,
             .first = failure.index,
             .count = 1,
             .pid = failure.worker_pid,
             .kind = RecordKind::failure},
            describe(failure));
    } catch (const std::bad_alloc&) {
        // It is left out.
    }
}

void Timeline::waited(std::uint64_t began, std::uint64_t ended) noexcept {
    if (ended - began < quantum_ns_) {
        return;
    }
    try {
        put({.began = began,
             .ended = ended,
             .pid = os::own_pid(),
             .track = static_cast<std::uint32_t>(os::own_thread()),
             .kind = RecordKind::wait});
    } catch (const std::bad_alloc&) {
        // It is left out.
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
