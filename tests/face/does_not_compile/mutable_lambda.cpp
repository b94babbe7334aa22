// must say: only a non-const one can be called
// must say: this_task::seed()
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.map([n = 0](int i) mutable { return i + n++; }, items);
}
