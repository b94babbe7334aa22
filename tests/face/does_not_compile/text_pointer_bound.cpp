// must say: a const char* means nothing in another process
// must say: write std::string("...")
#include <string>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const char* language, const std::vector<int>& items) {
    pool.map(procpool::bind_back([](int, const std::string& l) { return l.size(); }, language),
             items);
}
