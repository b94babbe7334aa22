// must say: this callable cannot travel to a running worker because it owns memory
// must say: bind_back
// must say: fork_map
#include <string>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    std::string prefix = "x";
    pool.map([prefix](int i) { return prefix + std::to_string(i); }, items);
}
