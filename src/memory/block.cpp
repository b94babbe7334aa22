// A block of the region, as the public headers hold it.

#include <utility>

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

Block::Block(Block&& other) noexcept
    : region_(other.region_),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Block& Block::operator=(Block&& other) noexcept {
    std::swap(region_, other.region_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Block::~Block() {
    // In a forked child the block still belongs to the parent.
    if (auto* region = static_cast<memory::Region*>(region_);
        data_ != nullptr && region->belongs_to_this_process()) {
        region->release(data_, size_);
    }
}

std::uint64_t Block::offset() const {
    return static_cast<std::uint64_t>(data_ - static_cast<memory::Region*>(region_)->base());
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
