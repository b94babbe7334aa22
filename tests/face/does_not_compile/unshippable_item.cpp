// must say: a value of this type cannot travel to another process
#include <memory>
#include <vector>

#include <procpool/pool.hpp>

class Tree {
public:
    ~Tree() { delete child; }
    Tree* child = nullptr;
};

void wrong(procpool::Pool& pool, const std::vector<Tree>& items) {
    pool.map([](const Tree& t) { return t.child == nullptr; }, items);
}
