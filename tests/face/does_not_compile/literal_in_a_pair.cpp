// must say: a string literal in a pair, a tuple or a container is one
// must say: write std::string("...")
#include <string>
#include <utility>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool) {
    const std::vector<std::pair<const char*, int>> items{{"text", 1}};
    pool.starmap([](const std::string& s, int i) { return s.size() + static_cast<std::size_t>(i); },
                 items);
}
