// must say: this callable cannot travel to a running worker because it owns memory
// What the refused call would return is known, and used: that is no further error.
#include <optional>
#include <string>
#include <vector>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

std::size_t wrong(procpool::Pool& pool, const std::vector<int>& items) {
    const std::string prefix = "x";
    const auto f = [prefix](int i) { return prefix.size() + static_cast<std::size_t>(i); };
    std::size_t sum = 0;
    for (const auto& outcome : pool.try_map(f, items)) {
        sum += outcome.value();
    }
    const std::vector<std::size_t> sizes = pool.map(f, items);
    const auto later = pool.map_async(f, items).get();
    const auto one = pool.submit(f, 1).get();
    return sum + sizes[0] + later[0] + one + pool.apply(f, 1);
}
