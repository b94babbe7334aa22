// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <span>
#include <tuple>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::tuple<int, std::span<int>>>& items) {
    pool.starmap([](int i, std::span<int> s) { return i + s[0]; }, items);
}
