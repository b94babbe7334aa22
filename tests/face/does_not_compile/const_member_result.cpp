// must say: (one with a const member is none)
#include <string>
#include <vector>

#include <procpool/pool.hpp>

struct Name {
    const std::string text;
};

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.map([](int x) { return Name{std::to_string(x)}; }, items);
}
