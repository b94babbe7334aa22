// must say: transform_reduce(range, init, reduce, transform) calls, with T the type of init
#include <string>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.transform_reduce(
        items, 0, [](int a, const std::string& b) { return a + static_cast<int>(b.size()); },
        [](int x) { return std::to_string(x); });
}
