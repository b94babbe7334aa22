// must say: default arguments of a function are lost in a pointer to it
#include <vector>

#include <procpool/pool.hpp>

double slow_square(double x, double pause = 0.01);

void wrong(procpool::Pool& pool, const std::vector<double>& items) { pool.map(slow_square, items); }
