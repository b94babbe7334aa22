#include "engine/client/feed.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Feed::Feed(std::size_t window, std::size_t stride)
    : window_(std::bit_ceil(window)),
      stride_(stride),
      places_(window_ * std::max(stride, sizeof(ItemEntry))),
      own_(stride == 0 ? window_ : 0) {}

Block Feed::own_memory(std::span<const std::byte> bytes) const {
    if (stride_ != 0) {
        return {};
    }
    Block block(std::max<std::size_t>(bytes.size(), 1));
    if (!bytes.empty()) {
        std::memcpy(block.data(), bytes.data(), bytes.size());
    }
    return block;
}

void Feed::put(std::uint64_t item, std::span<const std::byte> bytes, Block own) {
    const std::uint64_t place = item & mask();
    if (stride_ != 0) {
        std::memcpy(places_.data() + place * stride_, bytes.data(), stride_);
        return;
    }
    reinterpret_cast<ItemEntry*>(places_.data())[place] = {own.offset(), bytes.size()};
    own_[place] = std::move(own);
}

void Feed::release() {
    places_ = Block();
    own_.clear();
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
