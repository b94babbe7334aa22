// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <initializer_list>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::initializer_list<int>>& items) {
    pool.map([](std::initializer_list<int> list) { return list.size(); }, items);
}
