// must say: a pointer to a function is no value that another process could use
#include <vector>

#include <procpool/pool.hpp>

struct Shape {
    [[nodiscard]] int sides() const { return 4; }
};

void wrong(procpool::Pool& pool) {
    const std::vector<int (Shape::*)() const> items{&Shape::sides};
    pool.map([](int (Shape::*get)() const) { return (Shape{}.*get)(); }, items);
}
