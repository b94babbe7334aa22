#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The items of a job, as packed in detail/items.hpp.
class PackedItems {
public:
    PackedItems(const JobSpec& spec, std::size_t item_size)
        : base_(spec.block                      ? spec.block.data()
                : spec.shared_inputs != nullptr ? spec.shared_inputs
                                                : spec.inputs.data()),
          item_size_(item_size) {}

    [[nodiscard]] std::span<const std::byte> at(std::uint64_t i) const {
        if (item_size_ != 0) {
            return {base_ + i * item_size_, item_size_};
        }
        std::uint64_t bounds[2];
        std::memcpy(bounds, base_ + i * sizeof(std::uint64_t), sizeof bounds);
        return {base_ + bounds[0], bounds[1] - bounds[0]};
    }

private:
    const std::byte* const base_;
    const std::size_t item_size_;
};

/// Hashes of items, without what is no part of their value.
class ItemHash {
public:
    explicit ItemHash(const JournalTerms& terms) : terms_(terms) {}

    std::uint64_t operator()(std::span<const std::byte> item) {
        if (terms_.clear_padding != nullptr) {
            copy_.assign(item.begin(), item.end());
            terms_.clear_padding(copy_.data());
            item = copy_;
        }
        return journal_hash(item);
    }

private:
    const JournalTerms& terms_;
    std::vector<std::byte> copy_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
