#include "engine/client/frames.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

namespace {

using Bytes = std::span<const std::byte>;

/// A result that claims to be larger is corrupt.
constexpr std::uint64_t largest_result = std::uint64_t{1} << 42U;

/// Do the frame's items belong to the job? Written so that no sum overflows.
bool are_items(const Job& job, const FrameHeader& header) {
    return header.first <= job.count && header.count <= job.count - header.first;
}

[[gnu::hot]] bool mark_done(Job& job, const FrameHeader& header) {
    return are_items(job, header) && job.done.insert(header.first, header.first + header.count);
}

[[gnu::hot]] bool take_results(Job& job, std::uint64_t stride, const FrameHeader& header,
                               Bytes payload) {
    if (payload.size() != stride * header.count || !mark_done(job, header)) {
        return false;
    }
    if (job.sink != nullptr) {
        job.sink->results(header.first, header.count, payload);
    }
    return true;
}

/// The entries of a frame of variable-sized results, one after the other.
class Entries {
public:
    Entries(const FrameHeader& header, Bytes payload) : count_(header.count), rest_(payload) {}

    /// Moves to the next entry. False at the end, and if the entry makes no sense.
    bool next() {
        if (rest_.size() < sizeof entry_) {
            return false;
        }
        std::memcpy(&entry_, rest_.data(), sizeof entry_);
        if (entry_size(entry_.size) > rest_.size() || entry_.index < least_ ||
            entry_.index >= count_) {
            return false;
        }
        least_ = entry_.index + std::uint64_t{1};
        result_ = rest_.subspan(sizeof entry_, entry_.size);
        rest_ = rest_.subspan(entry_size(entry_.size));
        return true;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::uint64_t index() const { return entry_.index; }
    [[nodiscard]] Bytes result() const { return result_; }

private:
    std::uint64_t count_;
    Bytes rest_;
    std::uint64_t least_ = 0;
    Entry entry_{};
    Bytes result_;
};

void tell_nothing(Job& job, std::uint64_t first, std::uint64_t last) {
    if (first < last) {
        job.sink->results(first, last - first, {});
    }
}

bool take_sized(Job& job, const FrameHeader& header, Bytes payload) {
    Entries check(header, payload);
    while (check.next()) {
    }
    if (!check.at_end() || !mark_done(job, header)) {
        return false;
    }
    if (job.sink == nullptr) {
        return true;
    }
    std::uint64_t told = 0;
    for (Entries entries(header, payload); entries.next();) {
        tell_nothing(job, header.first + told, header.first + entries.index());
        job.sink->result(header.first + entries.index(), entries.result());
        told = entries.index() + 1;
    }
    tell_nothing(job, header.first + told, header.first + header.count);
    return true;
}

bool take_part(Job& job, const FrameHeader& header, Bytes payload) {
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
    if (part.total > largest_result || part.total < parts.received ||
        part.offset != parts.received || payload.size() > part.total - parts.received ||
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
    if (!mark_done(job, header)) {
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

bool take_skipped(Job& job, const FrameHeader& header) {
    const bool closed = std::any_of(job.postings.begin(), job.postings.end(),
                                    [](const Job::Posting& posting) { return posting.closed; });
    if ((!job.fail_fast && !closed) || !mark_done(job, header)) {
        return false;
    }
    if (job.sink != nullptr) {
        job.sink->dropped(header.first, header.first + header.count,
                          Failure{.kind = Failure::Kind::cancelled});
    }
    return true;
}

bool take_failure(Job& job, const FrameHeader& header, Bytes payload) {
    if (header.count != 1 || !mark_done(job, header)) {
        return false;
    }
    job.parts.erase(header.first);
    if (job.sink != nullptr) {
        Failure failure = decode_failure(payload);
        failure.index = header.first;
        job.sink->failed(header.first, std::move(failure));
    }
    return true;
}

}  // namespace

bool take_frame(Job& job, std::uint64_t stride, const FrameHeader& header, Bytes payload) {
    if (header.kind == FrameKind::results) [[likely]] {
        return take_results(job, stride, header, payload);
    }
    switch (header.kind) {
        case FrameKind::sized:
            return take_sized(job, header, payload);
        case FrameKind::part:
            return take_part(job, header, payload);
        case FrameKind::skipped:
            return take_skipped(job, header);
        case FrameKind::failure:
            return take_failure(job, header, payload);
        case FrameKind::results:
        case FrameKind::padding:
        case FrameKind::initializer:
            break;
    }
    return false;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
