// must say: only a non-const one can be called
// What the refused call would return is not known: anything may be made of it.
#include <vector>

#include <procpool/pool.hpp>

std::vector<int> wrong(procpool::Pool& pool, const std::vector<int>& items) {
    const std::vector<int> numbers = pool.map([n = 0](int i) mutable { return i + n++; }, items);
    return numbers;
}
