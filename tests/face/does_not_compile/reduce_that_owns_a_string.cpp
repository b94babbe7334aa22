// must say: this callable cannot travel to a running worker because it owns memory
#include <string>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items, const std::string& by) {
    pool.transform_reduce(
        items, std::string(),
        [by](const std::string& a, const std::string& b) { return a + by + b; },
        [](int x) { return std::to_string(x); });
}
