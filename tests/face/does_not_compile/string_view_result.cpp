// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <string>
#include <string_view>
#include <vector>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool, const std::vector<std::string>& items) {
    pool.map([](const std::string& s) { return std::string_view(s); }, items);
}
