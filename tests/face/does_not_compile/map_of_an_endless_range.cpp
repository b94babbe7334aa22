// must say: this range has no end, and the call waits for all of it
#include <ranges>

#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool) {
    pool.map([](int x) { return x; }, std::views::iota(0));
}
