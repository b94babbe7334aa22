// must say: the callable cannot be called
#include <utility>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::pair<int, int>>& items) {
    pool.starmap([](int x) { return x; }, items);
}
