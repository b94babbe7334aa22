#include "failure/bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "trace/stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

constexpr std::uint32_t frame_magic = 0x6c696166;  // "fail"

struct Header {
    std::uint32_t magic = frame_magic;
    std::uint8_t kind = 0;
    std::uint8_t standard = 0;
    std::uint16_t tries = 0;
    std::uint64_t index = 0;
    std::uint64_t part = no_part;
    std::int64_t timeout = 0;
    std::int64_t duration = 0;
    std::uint64_t memory = 0;
    std::uint64_t memory_bound = 0;
    std::int32_t worker_pid = 0;
    std::int32_t signal = 0;
    std::int32_t exit_status = 0;
    std::int32_t code = 0;
    std::uint32_t unused = 0;
    std::array<std::uint32_t, 7> lengths{};  // of the texts that follow, in the order of `texts`
};
static_assert(std::has_unique_object_representations_v<Header>);

/// The texts of a failure in the order in which they are shipped.
template <class F>
auto texts(F& failure) {
    return std::array{&failure.type_name, &failure.message, &failure.trace, &failure.stack,
                      &failure.category,  &failure.path1,   &failure.path2};
}
constexpr std::array<std::size_t, 7> text_bounds{
    4096, max_failure_message, max_failure_message, trace::longest_stack, 256, 4096, 4096};
constexpr std::string_view cut_mark = " [cut]";

std::size_t shipped_size(const std::string& text, std::size_t bound) {
    return std::min(text.size(), bound);
}

void copy_text(std::byte* to, const std::string& text, std::size_t size) {
    if (text.size() > size) {
        std::memcpy(to, text.data(), size - cut_mark.size());
        std::memcpy(to + (size - cut_mark.size()), cut_mark.data(), cut_mark.size());
    } else if (size > 0) {
        std::memcpy(to, text.data(), size);
    }
}

Failure malformed(const char* why) {
    Failure failure;
    failure.standard = StandardType::decode_error;
    failure.type_name = "procpool::DecodeError";
    failure.message =
        std::string("procpool: the worker's account of its failure cannot be read (") + why +
        "): a task may have written over it; run it under AddressSanitizer";
    return failure;
}

Failure decode(std::span<const std::byte> bytes) {
    if (bytes.empty()) {
        return out_of_memory();
    }
    Header header;
    if (bytes.size() < sizeof header) {
        return malformed("too short");
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != frame_magic) {
        return malformed("not a failure");
    }
    if (header.kind > static_cast<std::uint8_t>(Failure::last_kind)) {
        return malformed("unknown kind");
    }
    if (header.standard > static_cast<std::uint8_t>(last_standard_type)) {
        return malformed("unknown type");
    }

    Failure failure;
    failure.kind = static_cast<Failure::Kind>(header.kind);
    failure.standard = static_cast<StandardType>(header.standard);
    failure.index = header.index;
    failure.part = header.part;
    failure.worker_pid = header.worker_pid;
    failure.signal = header.signal;
    failure.exit_status = header.exit_status;
    failure.memory = header.memory;
    failure.memory_bound = header.memory_bound;
    failure.timeout = std::chrono::nanoseconds(header.timeout);
    failure.code = header.code;
    failure.tries = header.tries;
    failure.duration = std::chrono::nanoseconds(header.duration);
    auto rest = bytes.subspan(sizeof header);
    const auto fields = texts(failure);
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t length = header.lengths[i];
        if (length > rest.size() || length > text_bounds[i]) {
            return malformed("a text is too long");
        }
        fields[i]->assign(reinterpret_cast<const char*>(rest.data()), length);
        rest = rest.subspan(length);
    }
    if (!rest.empty()) {
        return malformed("too long");
    }
    return failure;
}

}  // namespace

Failure out_of_memory(const char* message) noexcept {
    Failure failure;
    failure.standard = StandardType::bad_alloc;
    failure.type_name.assign("std::bad_alloc");  // short enough to need no memory
    failure.message.assign("std::bad_alloc");
    if (message != nullptr) {
        try {
            failure.message.assign(message);
        } catch (const std::bad_alloc&) {
            return failure;
        }
    }
    return failure;
}

std::vector<std::byte> encode_failure(const Failure& failure) {
    Header header;
    header.kind = static_cast<std::uint8_t>(failure.kind);
    header.standard = static_cast<std::uint8_t>(failure.standard);
    header.index = failure.index;
    header.part = failure.part;
    header.timeout = failure.timeout.count();
    header.worker_pid = failure.worker_pid;
    header.signal = failure.signal;
    header.exit_status = failure.exit_status;
    header.memory = failure.memory;
    header.memory_bound = failure.memory_bound;
    header.code = failure.code;
    header.tries = static_cast<std::uint16_t>(failure.tries);
    header.duration = failure.duration.count();
    const auto fields = texts(failure);
    std::size_t size = sizeof header;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        header.lengths[i] = static_cast<std::uint32_t>(shipped_size(*fields[i], text_bounds[i]));
        size += header.lengths[i];
    }

    std::vector<std::byte> bytes(size);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::byte* to = bytes.data() + sizeof header;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        copy_text(to, *fields[i], header.lengths[i]);
        to += header.lengths[i];
    }
    return bytes;
}

Failure decode_failure(std::span<const std::byte> bytes) noexcept {
    try {
        return decode(bytes);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
