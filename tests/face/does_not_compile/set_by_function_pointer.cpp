// must say: the order or the hash of this map or set has state
// must say: use a class without members that has an operator()
#include <set>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.map([](int) { return std::set<int, bool (*)(int, int)>(); }, items);
}
