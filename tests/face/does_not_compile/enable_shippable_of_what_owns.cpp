// must say: enable_shippable<T> is for trivially copyable classes
// must say: serialize(archive)
#include <string>
#include <vector>

#include <procpool/pool.hpp>

class Name {
    std::string text_;
};
template <>
inline constexpr bool procpool::enable_shippable<Name> = true;

void wrong(procpool::Pool& pool, const std::vector<Name>& items) {
    pool.for_each([](const Name&) {}, items);
}
