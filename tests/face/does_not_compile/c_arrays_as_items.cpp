// must say: the items of this range are C arrays, which nothing can return
#include <procpool/pool.hpp>

void wrong(procpool::Pool& pool) {
    const int table[2][3] = {{1, 2, 3}, {4, 5, 6}};
    pool.for_each([](const auto& row) { static_cast<void>(row[2]); }, table);
}
