#include <procpool/detail/closure/code.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

void CollectedCode::append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
    to.resize((to.size() + sizeof(void*) - 1) / sizeof(void*) * sizeof(void*));
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
