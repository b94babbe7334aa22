#include <procpool/detail/bytes.hpp>
#include <procpool/detail/draft.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

Draft::Draft() = default;
Draft::~Draft() = default;

std::byte* Draft::reserve_block(std::size_t size) {
    spec.block = Block(size);
    return spec.block.data();
}

std::byte* Draft::reserve_closure(std::size_t size) {
    closure.resize(size);
    spec.closure = closure;
    return closure.data();
}

void Draft::copy(std::span<const std::byte> bytes) {
    if (bytes.size() <= small_inputs) {
        spec.inputs = bytes;
    } else {
        write_bytes(reserve_block(bytes.size()), bytes);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
