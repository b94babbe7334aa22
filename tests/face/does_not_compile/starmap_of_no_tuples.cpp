// must say: starmap is for items that are tuples, pairs or arrays
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.starmap([](int i) { return i; }, items);
}
