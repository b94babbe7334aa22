// A block of the region, as the public headers hold it.

#include <algorithm>
#include <new>

#include <procpool/detail/engine.hpp>

#include "memory/region.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

Block::Block(std::size_t bytes) {
    if (memory::Region::exists()) {
        *this = in_region(bytes);
        return;
    }
    data_ = static_cast<std::byte*>(
        ::operator new(std::max<std::size_t>(bytes, 1), std::align_val_t{os::page_size}));
    size_ = bytes;
}

Block Block::in_region(std::size_t bytes) {
    memory::Region& region = memory::Region::current();
    Block block;
    block.data_ = region.allocate(bytes);
    block.size_ = bytes;
    block.region_ = &region;
    return block;
}

Block Block::copy_of(std::span<const std::byte> bytes) {
    Block block(std::max<std::size_t>(bytes.size(), 1));
    std::copy(bytes.begin(), bytes.end(), block.data());
    return block;
}

/// In a forked child a block of the region still belongs to the parent.
void Block::give_back() const {
    auto* const region = static_cast<memory::Region*>(region_);
    if (region == nullptr) {
        ::operator delete(data_, std::align_val_t{os::page_size});
    } else if (region->belongs_to_this_process()) {
        region->release(data_, size_);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
