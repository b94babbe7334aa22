// must say: the callable cannot be called with these arguments (of starmap: with the elements of an
// item)
#include <utility>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::pair<int, int>>& items) {
    pool.starmap([](int x) { return x; }, items);
}
