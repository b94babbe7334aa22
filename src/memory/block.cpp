// A block of the region, as the public headers hold it.

#include <procpool/detail/engine.hpp>

#include "memory/region.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

Block::Block(std::size_t bytes) {
    memory::Region& region = memory::Region::current();
    data_ = region.allocate(bytes);
    size_ = bytes;
    region_ = &region;
}

/// In a forked child the block still belongs to the parent.
void Block::give_back() const {
    auto* const region = static_cast<memory::Region*>(region_);
    if (region->belongs_to_this_process()) {
        region->release(data_, size_);
    }
}

std::uint64_t Block::offset() const {
    return static_cast<std::uint64_t>(data_ - static_cast<memory::Region*>(region_)->base());
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
