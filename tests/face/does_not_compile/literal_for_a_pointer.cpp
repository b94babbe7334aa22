// must say: a string literal is passed as std::string
#include <cstring>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool) { pool.apply(std::strlen, "text"); }
