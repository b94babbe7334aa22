// must say: a callable for find_first and find_any returns a std::optional
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.find_any([](int x) { return x > 3; }, items);
}
