// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <vector>

#include <procpool/fork_map.hpp>

void wrong(const std::vector<int>& items) {
    procpool::fork_map([](const int& x) { return &x; }, items);
}
