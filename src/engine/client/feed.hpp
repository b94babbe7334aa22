#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <procpool/detail/namespace.hpp>

#include "engine/client/interval_set.hpp"
#include "engine/shared/interface.hpp"
#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Where the inputs of a job lie that gets its items while it runs: entries that are used again
/// when their items are done.
class Feed {
public:
    /// Of one job.
    static constexpr std::uint64_t most_items = (max_items + 1) / 2;

    /// For a job that has all its items from the start.
    Feed() = default;
    /// At least `entries`. Throws std::bad_alloc.
    explicit Feed(std::size_t entries)
        : entries_(std::bit_ceil(entries)), block_(entries_ * sizeof(ItemEntry)) {}

    explicit operator bool() const { return entries_ != 0; }
    [[nodiscard]] const std::byte* data() const { return block_.data(); }
    /// The entry of item i is that at i & mask.
    [[nodiscard]] std::uint64_t mask() const { return entries_ - 1; }

    /// Is there an entry for `item` if the items in `done` are done?
    [[nodiscard]] bool has_room(std::uint64_t item, const IntervalSet& done) const {
        return item < entries_ || done.contains(item - entries_);
    }
    void put(std::uint64_t item, const ItemEntry& entry) {
        reinterpret_cast<ItemEntry*>(block_.data())[item & mask()] = entry;
    }

    void release() { block_ = Block(); }

private:
    std::size_t entries_ = 0;
    Block block_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
