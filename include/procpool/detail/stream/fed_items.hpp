#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/slices.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The bytes of items that a job is fed with, in memory that workers read. It is given back, or
/// used again, as the items are done, in whatever order. For one thread at a time.
class FedItems {
public:
    FedItems() = default;
    FedItems(const FedItems&) = delete;
    FedItems& operator=(const FedItems&) = delete;
    ~FedItems() = default;

    /// `size` bytes for the next item. Throws std::bad_alloc.
    [[nodiscard]] std::byte* reserve(std::size_t size) {
        if (slabs_.empty() || size > slabs_.back().block.size() - slabs_.back().used) {
            add_slab(size);
        }
        return slabs_.back().block.data() + slabs_.back().used;
    }
    /// What was reserved last is written: the item counts. Throws std::bad_alloc.
    void add(std::size_t size) {
        Slab& slab = slabs_.back();
        unfed_.push_back({slab.block.data() + slab.used, size});
        slab.used += size;
        ++slab.undone;
        ++count_;
    }

    /// The last item has no bytes for a worker after all. They are given back with it.
    void blank_last() { unfed_.back() = {}; }

    /// Other memory that items refer to; until the end of the job.
    [[nodiscard]] KeptMemory& kept() { return kept_; }

    /// How many items there were, those that are done included.
    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// Those that the job does not have yet: the last ones.
    [[nodiscard]] std::span<const ItemEntry> unfed() const {
        return std::span(unfed_).subspan(fed_);
    }
    /// The job has so many more.
    void mark_fed(std::size_t items);
    /// The job takes no more: what it does not have is gone.
    void drop_unfed();

    /// Items [first, first + count) are done.
    void release(std::uint64_t first, std::uint64_t count);

private:
    struct Slab {
        Block block;
        std::size_t used = 0;      // bytes
        std::uint64_t first = 0;   // item
        std::uint64_t undone = 0;  // items
    };

    void add_slab(std::size_t size);
    void let_go(std::size_t slab);

    std::vector<Slab> slabs_;  // by their items; the last one is being filled
    Block spare_;
    KeptMemory kept_;
    std::vector<ItemEntry> unfed_;
    std::size_t fed_ = 0;  // of `unfed_`
    std::uint64_t count_ = 0;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
