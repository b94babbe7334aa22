// must say: does not convert to the elements of the output
#include <string>
#include <vector>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items,
           procpool::shared_vector<double>& out) {
    pool.map_into([](int x) { return std::to_string(x); }, items, out);
}
