// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <optional>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.find_first([](int) { return std::optional<int*>(); }, items);
}
