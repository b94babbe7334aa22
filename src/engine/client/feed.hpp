#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/interval_set.hpp"
#include "engine/shared/interface.hpp"
#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The inputs of a job that gets its items one by one while it runs: a window of places that are
/// used again when their items are done.
class Feed {
public:
    /// Of one job.
    static constexpr std::uint64_t most_items = (max_items + 1) / 2;

    /// For a job that has all its items from the start.
    Feed() = default;
    /// `window`: items in flight, rounded up to a power of two. `stride`: bytes of an item; 0: each
    /// has its own size. Throws std::bad_alloc.
    Feed(std::size_t window, std::size_t stride);

    explicit operator bool() const { return window_ != 0; }
    [[nodiscard]] const std::byte* data() const { return places_.data(); }
    /// Item i lies at i & mask.
    [[nodiscard]] std::uint64_t mask() const { return window_ - 1; }

    /// Is there a place for `item` if the items in `done` are done?
    [[nodiscard]] bool has_room(std::uint64_t item, const IntervalSet& done) const {
        return item < window_ || done.contains(item - window_);
    }
    /// A copy of an item of variable size, in memory of its own; empty for items of a fixed size.
    /// Throws std::bad_alloc.
    [[nodiscard]] Block own_memory(std::span<const std::byte> bytes) const;
    /// Puts an item into its place. `own`: its `own_memory`.
    void put(std::uint64_t item, std::span<const std::byte> bytes, Block own);

    [[gnu::hot]] void release();

private:
    std::size_t window_ = 0;
    std::size_t stride_ = 0;
    Block places_;
    std::vector<Block> own_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
