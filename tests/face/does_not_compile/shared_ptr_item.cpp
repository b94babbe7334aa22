// must say: a value of this type cannot travel to another process
#include <memory>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::shared_ptr<int>>& items) {
    pool.map([](const std::shared_ptr<int>& p) { return *p; }, items);
}
