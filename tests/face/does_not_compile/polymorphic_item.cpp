// must say: a polymorphic class cannot travel to another process by itself
// must say: procpool/cereal.hpp
#include <memory>
#include <vector>

#include <procpool/pool.hpp>

class Shape {
public:
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

void wrong(procpool::Pool& pool, const std::vector<std::unique_ptr<Shape>>& items) {
    pool.map([](const std::unique_ptr<Shape>& shape) { return shape->area(); }, items);
}
