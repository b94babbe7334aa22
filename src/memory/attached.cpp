#include "memory/attached.hpp"

#include "memory/region.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace memory {
namespace {

const std::byte* attached_base = nullptr;
std::size_t attached_size = 0;

}  // namespace

void attach(const std::byte* base, std::size_t size) noexcept {
    attached_base = base;
    attached_size = size;
}

bool is_readable(const std::byte* data, std::size_t bytes) noexcept {
    const bool is_attached =
        attached_base != nullptr && data >= attached_base && bytes <= attached_size &&
        static_cast<std::size_t>(data - attached_base) <= attached_size - bytes;
    return is_attached || is_own(data, bytes);
}

bool is_own(const std::byte* data, std::size_t bytes) noexcept {
    return Region::exists() && Region::current().contains(data, bytes);
}

}  // namespace memory
PROCPOOL_END_NAMESPACE
