// must say: this_task::seed()
#include <vector>

#include <procpool/fork_map.hpp>

void wrong(const std::vector<int>& items) {
    procpool::fork_map([n = 0](int i) mutable { return i + n++; }, items);
}
