// must say: it takes T, const T& or T&&
#include <string>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::string>& items) {
    pool.map([](std::string& s) { return s.size(); }, items);
}
