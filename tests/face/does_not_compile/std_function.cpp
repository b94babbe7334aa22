// must say: this callable cannot travel to a running worker because it owns memory
// must say: or hides what it has, as a std::function and a std::bind do
#include <functional>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::function<int(int)>& f, const std::vector<int>& items) {
    pool.map(f, items);
}
