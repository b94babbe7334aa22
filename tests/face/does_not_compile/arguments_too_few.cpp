// must say: the callable cannot be called with these arguments
#include <procpool/pool.hpp>

int add(int a, int b) { return a + b; }

void wrong(procpool::Pool& pool) { pool.apply(add, 1); }
