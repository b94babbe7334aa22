// must say: the second argument is no range
#include <vector>

#include <procpool/fork_map.hpp>

void wrong(const std::vector<int>& items) {
    procpool::fork_map([](int x) { return x; }, &items);
}
