#include <algorithm>
#include <iterator>
#include <utility>

#include <procpool/detail/stream/fed_items.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// Small items share a block of this many bytes.
constexpr std::size_t slab_size = std::size_t{32} << 10U;

}  // namespace

void FedItems::add_slab(std::size_t size) {
    if (!slabs_.empty() && slabs_.back().undone == 0) {
        let_go(slabs_.size() - 1);  // nothing more is added to it
    }
    Block block =
        size <= slab_size && spare_ ? std::move(spare_) : Block(std::max(size, slab_size));
    slabs_.push_back({.block = std::move(block), .first = count_});
}

void FedItems::let_go(std::size_t slab) {
    const auto at = slabs_.begin() + static_cast<std::ptrdiff_t>(slab);
    if (at->block.size() == slab_size) {
        spare_ = std::move(at->block);
    }
    slabs_.erase(at);
}

void FedItems::mark_fed(std::size_t items) {
    fed_ += items;
    if (fed_ == unfed_.size()) {
        unfed_.clear();
        fed_ = 0;
    }
}

void FedItems::drop_unfed() {
    count_ -= unfed().size();
    unfed_.clear();
    fed_ = 0;
}

void FedItems::release(std::uint64_t first, std::uint64_t count) {
    const auto is_before = [](std::uint64_t item, const Slab& slab) { return item < slab.first; };
    // Behind the slab that holds the last of them.
    auto at = std::upper_bound(slabs_.begin(), slabs_.end(), first + count - 1, is_before);
    for (std::uint64_t end = first + count; end > first;) {
        --at;
        const std::uint64_t begin = std::max(first, at->first);
        at->undone -= end - begin;
        end = begin;
        if (at->undone != 0) {
            continue;
        }
        if (std::next(at) == slabs_.end()) {
            at->used = 0;  // filled again, while it is in the caches
            at->first = count_;
        } else {
            const auto index = at - slabs_.begin();
            let_go(static_cast<std::size_t>(index));
            at = slabs_.begin() + index;
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
