// A second translation unit with the same headers: what they define must not be defined twice.
#include "second.hpp"

#include <procpool/procpool.hpp>

std::vector<double> squares_from_elsewhere(procpool::Pool& pool, const std::vector<double>& data) {
    return pool.map([](double x) { return x * x; }, data);
}
