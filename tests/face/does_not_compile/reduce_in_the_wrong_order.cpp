// must say: the callable cannot be called with an item of the range
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.transform_reduce(items, 0, [](int x) { return x; }, [](int a, int b) { return a + b; });
}
