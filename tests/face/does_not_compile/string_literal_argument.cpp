// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <string>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool) {
    pool.apply([](const std::string& s) { return s.size(); }, "text");
}
