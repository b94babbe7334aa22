// must say: this callable cannot travel to a running worker because it owns memory
#include <string>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::string& model) {
    pool.for_each_worker([model] {});
}
