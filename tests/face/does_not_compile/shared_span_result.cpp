// must say: a shared_span travels to workers, not back from them
#include <vector>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

void wrong(procpool::Pool& pool, const std::vector<procpool::shared_span<const int>>& items) {
    pool.map([](procpool::shared_span<const int> span) { return span; }, items);
}
