#include <algorithm>
#include <bit>
#include <utility>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/sinks/partials.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// With so many blocks a few dozen workers end at about the same time.
constexpr std::uint64_t many_blocks = 128;

/// Large values cost a journey and a merge each. Where there are few items, each of them is likely
/// to cost more than that; of many, the least number of blocks that a few workers can share.
constexpr std::uint64_t few_items = 1024;
constexpr std::uint64_t blocks_of_few = 64;
constexpr std::uint64_t least_blocks = 16;

/// A power of two, near the square root.
std::uint64_t root_of(std::uint64_t n) { return std::uint64_t{1} << (std::bit_width(n) / 2); }

std::uint64_t blocks_of_large(std::uint64_t items) {
    return items <= few_items ? blocks_of_few : std::max(least_blocks, root_of(items) / 4);
}

}  // namespace

Blocks blocks_for(std::uint64_t items, std::size_t length, bool large) {
    if (length == 0) {
        const std::uint64_t blocks =
            large ? blocks_of_large(items) : std::max(many_blocks, root_of(items));
        length = std::max<std::uint64_t>(1, items / blocks + (items % blocks != 0 ? 1 : 0));
    }
    return {length, items};
}

std::span<const std::byte> Partials::frame(std::uint64_t i) const {
    return size != 0 ? std::span(equal).subspan(i * size, size) : std::span(sized.at(i));
}

void pack_partials(Draft& draft, const Partials& partials, const std::vector<std::byte>* first) {
    const std::uint64_t added = first != nullptr ? 1 : 0;
    const std::uint64_t count = partials.count + added;
    const auto frame = [&](std::uint64_t i) -> std::span<const std::byte> {
        return i < added ? std::span(*first) : partials.frame(i - added);
    };
    draft.spec.count = count;
    draft.spec.input_stride = partials.size != 0 ? partials.size : 1;
    std::size_t total = 0;
    if (partials.size == 0) {
        total = (count + 1) * sizeof(std::uint64_t);
    }
    const std::size_t table = total;
    for (std::uint64_t i = 0; i < count; ++i) {
        total += frame(i).size();
    }
    std::byte* const inputs = draft.reserve(total);
    std::byte* entry = inputs;
    std::byte* to = inputs + table;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (table != 0) {
            entry = write_length(entry, static_cast<std::uint64_t>(to - inputs));
        }
        to = write_bytes(to, frame(i));
    }
    if (table != 0) {
        write_length(entry, total);
    }
}

PartialSink::PartialSink(const Blocks& blocks, const Origin& origin, std::size_t size)
    : blocks_(blocks), origin_(origin) {
    partials_.count = blocks.count();
    partials_.origin.span = origin.span * blocks.length;
    partials_.size = size;
    if (size != 0) {
        partials_.equal.resize(partials_.count * size);
    } else {
        partials_.sized.resize(partials_.count);
    }
}

PartialSink::~PartialSink() = default;

void PartialSink::results(std::uint64_t first, std::uint64_t count,
                          std::span<const std::byte> bytes) noexcept {
    const std::size_t size = partials_.size;
    for_items(first, count, [&](std::uint64_t block) {
        if (size == 0 || bytes.size() != count * size) {
            throw_short_frame(count * size, bytes.size());
        }
        set(block, bytes.subspan((block - first) * size, size));
    });
}

void PartialSink::result(std::uint64_t block, std::span<const std::byte> bytes) noexcept {
    for_items(block, 1, [&](std::uint64_t at) { set(at, bytes); });
}

void PartialSink::set(std::uint64_t block, std::span<const std::byte> bytes) {
    if (partials_.size == 0) {
        partials_.sized.at(block).assign(bytes.begin(), bytes.end());
    } else if (bytes.size() != partials_.size || block >= partials_.count) {
        throw_short_frame(partials_.size, bytes.size());
    } else {
        std::copy(bytes.begin(), bytes.end(),
                  partials_.equal.begin() + static_cast<std::ptrdiff_t>(block * bytes.size()));
    }
}

void PartialSink::failed(std::uint64_t block, Failure failure) noexcept {
    const std::uint64_t first = blocks_.begin(block);
    const bool is_known = failure.part >= first && failure.part < blocks_.end(block);
    failure.index = origin_.of(is_known ? failure.part : first);
    failures_.note(std::move(failure));
}

void PartialSink::dropped(std::uint64_t first, std::uint64_t /*last*/,
                          const Failure& why) noexcept {
    failures_.note_dropped(origin_.of(blocks_.begin(first)), why);
}

Partials PartialSink::take() {
    failures_.throw_if_any();
    return std::move(partials_);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
