// must say: a value of this type cannot travel to another process
#include <utility>

#include <procpool/pool.hpp>

int wrong(procpool::Pool& pool, procpool::Pool& other) {
    return pool.apply([](const procpool::Pool& given) { return given.processes(); },
                      std::move(other));
}
