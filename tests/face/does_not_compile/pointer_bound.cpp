// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const int* p, const std::vector<int>& items) {
    pool.map(procpool::bind_back([](int x, const int* q) { return x + *q; }, p), items);
}
