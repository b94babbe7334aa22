// must say: the second argument is no range
// must say: apply(f, arguments...)
#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool) {
    pool.map([](int x) { return x; }, 5);
}
