#include "engine/client/frames.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "engine/client/sized_entries.hpp"
#include "failure/bytes.hpp"

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

/// What is marked is then told to the job's receiver.
[[gnu::hot]] bool mark_done(Job& job, const FrameHeader& header) {
    job.receiver.make_room();
    return are_items(job, header) && job.done.insert(header.first, header.first + header.count);
}

[[gnu::hot]] bool take_results(Job& job, std::uint64_t stride, const FrameHeader& header,
                               Bytes payload) {
    if (payload.size() != stride * header.count || !mark_done(job, header)) {
        return false;
    }
    job.receiver.results(header.first, header.count, payload);
    return true;
}

bool take_sized(Job& job, const FrameHeader& header, Bytes payload) {
    SizedEntries check(header.count, payload);
    while (check.next()) {
    }
    if (!check.at_end() || !mark_done(job, header)) {
        return false;
    }
    job.receiver.sized(header.first, header.count, payload);
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
    job.done.make_room();  // nothing below throws: the frame is taken once
    job.receiver.make_room();
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
    if (parts.lost) {
        std::array<char, 80> message{};
        std::snprintf(message.data(), message.size(), "no memory here for its result of %llu bytes",
                      static_cast<unsigned long long>(part.total));
        Failure failure = out_of_memory(message.data());
        failure.index = header.first;
        job.receiver.failed(header.first, std::move(failure));
    } else {
        job.receiver.result(header.first, std::move(parts.bytes));
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
    job.receiver.dropped(header.first, header.first + header.count,
                         Failure{.kind = Failure::Kind::cancelled});
    return true;
}

bool take_failure(Job& job, const FrameHeader& header, Bytes payload) {
    if (header.count != 1 || !mark_done(job, header)) {
        return false;
    }
    job.parts.erase(header.first);
    Failure failure = decode_failure(payload);
    failure.index = header.first;
    job.receiver.failed(header.first, std::move(failure));
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
