// must say: this class is trivially copyable, but its members cannot be seen
// must say: specialise procpool::enable_shippable<T>
#include <vector>

#include <procpool/pool.hpp>

struct Either {
    int which;
    union {
        int i;
        float f;
    };
};

void wrong(procpool::Pool& pool, const std::vector<Either>& items) {
    pool.map([](const Either& each) { return each.which; }, items);
}
