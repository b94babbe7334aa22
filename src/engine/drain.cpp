#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "engine/client.hpp"
#include "engine/words.hpp"
#include "os/futex.hpp"

/// The client's end of the result rings. Every byte here was written by another process: nothing is
/// believed unchecked.
namespace procpool::detail {

using namespace engine;

namespace {

/// A worker that waits for room is told after so much was taken out.
constexpr std::uint64_t bytes_per_release = std::uint64_t{128} << 10U;
/// No single result is larger: what claims to be is corrupt.
constexpr std::uint64_t largest_result = std::uint64_t{1} << 42U;

}  // namespace

void Client::drain() {
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        const Slot& slot = layout_.slot(worker);
        Reader& reader = readers_[static_cast<std::size_t>(worker)];
        if (slot.tail.load(std::memory_order_acquire) != reader.head) {
            drain_ring(worker);
        }
        if (const std::uint64_t alarm = slot.alarm.load(std::memory_order_relaxed);
            alarm != reader.alarm) {
            reader.alarm = alarm;
            reconcile_needed_ = reconcile_needed_ || alarm != 0;
        }
    }
    if (const std::uint64_t downs = layout_.server().downs.load(std::memory_order_acquire);
        downs != downs_seen_) {
        downs_seen_ = downs;
        reconcile_needed_ = true;
    }
    if (reconcile_needed_ && !reconciling_ && state_ <= State::closed) {
        reconcile();
    }
}

void Client::drain_ring(int worker) {
    Slot& slot = layout_.slot(worker);
    WorkerLine& line = layout_.line(worker);
    Reader& reader = readers_[static_cast<std::size_t>(worker)];
    const std::uint64_t incarnation =
        layout_.server_line(worker).incarnation.load(std::memory_order_acquire);
    if (reader.corrupt != 0 && reader.corrupt == incarnation) {
        return;
    }
    const std::uint64_t capacity = layout_.ring_size();
    const std::uint64_t tail = slot.tail.load(std::memory_order_acquire);
    bool sane = tail - reader.head <= capacity && tail % frame_align == 0;
    std::uint64_t released = reader.head;
    while (sane && reader.head != tail) {
        const std::uint64_t position = reader.head % capacity;
        FrameHeader header;  // a copy: the ring may change under our eyes
        std::memcpy(&header, layout_.ring(worker) + position, sizeof header);
        sane = header.check == header.expected_check(reader.head, layout_.pool().secret) &&
               header.bytes <= capacity - position - sizeof header &&
               frame_size(header.bytes) <= tail - reader.head &&
               take(header, {layout_.ring(worker) + position + sizeof header, header.bytes});
        if (sane) {
            reader.head += frame_size(header.bytes);
            if (reader.head - released > bytes_per_release) {
                released = reader.head;
                line.head.store(released, std::memory_order_release);
            }
        }
    }
    line.head.exchange(reader.head, std::memory_order_seq_cst);
    if (slot.starved.load(std::memory_order_seq_cst) != 0) {
        layout_.pool().drained.fetch_add(1, std::memory_order_seq_cst);
        os::futex_wake(layout_.pool().drained, 1 << 30);
    }
    if (!sane) {
        condemn(worker);
    }
}

/// The ring of a worker makes no sense: the worker has to go.
void Client::condemn(int worker) {
    const std::uint64_t incarnation =
        layout_.server_line(worker).incarnation.load(std::memory_order_acquire);
    readers_[static_cast<std::size_t>(worker)].corrupt = incarnation;
    layout_.line(worker).condemn.store(incarnation, std::memory_order_release);
    layout_.pool().condemned.fetch_add(1, std::memory_order_release);
    os::poke(commands_);
    reconcile_needed_ = true;
}

/// Takes one frame in. False if it cannot be genuine.
bool Client::take(const FrameHeader& header, std::span<const std::byte> payload) {
    if (header.kind == FrameKind::padding) {
        return true;
    }
    if (header.kind == FrameKind::initializer) {
        initializer_failure_ = decode_failure(payload);
        return layout_.pool().initialize != nullptr;
    }
    if (header.job >= jobs_.size() || jobs_[header.job] == nullptr ||
        layout_.job(header.job).serial.load(std::memory_order_relaxed) != header.serial) {
        return false;
    }
    Job* const job = jobs_[header.job].get();
    bool sane = false;
    switch (header.kind) {
        case FrameKind::results:
            sane = take_results(*job, layout_.job(header.job), header, payload);
            break;
        case FrameKind::sized:
            sane = take_sized(*job, header, payload);
            break;
        case FrameKind::part:
            sane = take_part(*job, header, payload);
            break;
        case FrameKind::skipped:
            sane = take_skipped(*job, header);
            break;
        case FrameKind::failure:
            sane = take_failure(*job, header, payload);
            break;
        case FrameKind::padding:
        case FrameKind::initializer:
            break;
    }
    if (sane) {
        settle(*job);
    }
    return sane;
}

bool Client::take_results(Job& job, const JobPage& page, const FrameHeader& header,
                          std::span<const std::byte> payload) {
    const std::uint64_t expected = page.in_place != nullptr ? 0 : page.result_stride * header.count;
    if (payload.size() != expected || header.first > job.count ||
        header.count > job.count - header.first ||
        !job.done.insert(header.first, header.first + header.count)) {
        return false;
    }
    if (job.sink != nullptr) {
        job.sink->results(header.first, header.count, payload);
    }
    return true;
}

bool Client::take_sized(Job& job, const FrameHeader& header, std::span<const std::byte> payload) {
    if (header.first > job.count || header.count > job.count - header.first) {
        return false;
    }
    // The whole frame is checked before anything of it is believed.
    Entry entry;
    std::uint64_t next = 0;
    for (std::span<const std::byte> rest = payload; !rest.empty();) {
        if (rest.size() < sizeof entry) {
            return false;
        }
        std::memcpy(&entry, rest.data(), sizeof entry);
        if (entry_size(entry.size) > rest.size() || entry.index < next ||
            entry.index >= header.count) {
            return false;
        }
        next = entry.index + std::uint64_t{1};
        rest = rest.subspan(entry_size(entry.size));
    }
    if (!job.done.insert(header.first, header.first + header.count)) {
        return false;
    }
    if (job.sink == nullptr) {
        return true;
    }
    next = 0;
    for (std::span<const std::byte> rest = payload; !rest.empty();
         rest = rest.subspan(entry_size(entry.size))) {
        std::memcpy(&entry, rest.data(), sizeof entry);
        if (entry.index > next) {
            job.sink->results(header.first + next, entry.index - next, {});
        }
        job.sink->result(header.first + entry.index, rest.subspan(sizeof entry, entry.size));
        next = entry.index + std::uint64_t{1};
    }
    if (next < header.count) {
        job.sink->results(header.first + next, header.count - next, {});
    }
    return true;
}

bool Client::take_part(Job& job, const FrameHeader& header, std::span<const std::byte> payload) {
    PartHeader part;
    if (payload.size() < sizeof part || header.first >= job.count || header.count > 1) {
        return false;
    }
    std::memcpy(&part, payload.data(), sizeof part);
    payload = payload.subspan(sizeof part);
    Job::Parts& parts = job.parts[header.first];
    if (part.offset == 0) {
        parts = {};  // an earlier try of the item may have died in the middle
    }
    if (part.total > largest_result || part.offset != parts.received ||
        payload.size() > part.total - parts.received ||
        (header.count == 1) != (parts.received + payload.size() == part.total)) {
        return false;
    }
    parts.received += payload.size();
    try {
        if (!parts.lost) {
            parts.bytes.insert(parts.bytes.end(), payload.begin(), payload.end());
        }
    } catch (const std::bad_alloc&) {
        parts.bytes = {};
        parts.lost = true;
    }
    if (header.count == 0) {
        return true;
    }
    if (!job.done.insert(header.first, header.first + 1)) {
        return false;
    }
    if (job.sink != nullptr && parts.lost) {
        job.sink->failed(header.first, Failure{.standard = StandardType::bad_alloc,
                                               .index = header.first,
                                               .type_name = "std::bad_alloc",
                                               .message = "no memory here for its result of " +
                                                          std::to_string(part.total) + " bytes"});
    } else if (job.sink != nullptr) {
        job.sink->result(header.first, parts.bytes);
    }
    job.parts.erase(header.first);
    return true;
}

bool Client::take_skipped(Job& job, const FrameHeader& header) {
    const bool closed = std::any_of(job.postings.begin(), job.postings.end(),
                                    [](const Job::Posting& posting) { return posting.closed; });
    if ((!job.fail_fast && !closed) || header.first > job.count ||
        header.count > job.count - header.first ||
        !job.done.insert(header.first, header.first + header.count)) {
        return false;
    }
    if (job.sink != nullptr) {
        job.sink->dropped(header.first, header.first + header.count,
                          Failure{.kind = Failure::Kind::cancelled});
    }
    return true;
}

bool Client::take_failure(Job& job, const FrameHeader& header, std::span<const std::byte> payload) {
    if (header.count != 1 || header.first >= job.count ||
        !job.done.insert(header.first, header.first + 1)) {
        return false;
    }
    job.parts.erase(header.first);
    if (job.sink != nullptr) {
        Failure failure = decode_failure(payload);
        failure.index = header.first;
        job.sink->failed(header.first, std::move(failure));
    }
    if (job.fail_fast) {
        close_job(job, true);
    }
    return true;
}

/// After something of the job arrived: is it resolved?
void Client::settle(Job& job) {
    if (!job.open && !job.resolved && job.done.total() == job.count) {
        retire(job);
    }
}

}  // namespace procpool::detail
