// The cures that the messages of the other programs name.
#include <memory>
#include <string>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>

class Angle {
    double degrees_ = 0;
};
template <>
inline constexpr bool procpool::enable_shippable<Angle> = true;

class Name {
public:
    template <class A>
    void serialize(A& archive) {
        archive(text_);
    }

private:
    std::string text_;
};

class Shape {
public:
    virtual ~Shape() = default;
};

void right(procpool::Pool& pool, const std::vector<int>& items) {
    const std::string prefix = "x";
    pool.map(procpool::bind_back([](int i, const std::string& p) { return p + std::to_string(i); },
                                 prefix),
             items);
    procpool::fork_map([prefix](int i) { return prefix + std::to_string(i); }, items);
    pool.apply([](const std::string& s) { return s.size(); }, std::string("text"));
    pool.for_each([](const Angle&) {}, std::vector<Angle>(1));
    pool.for_each([](const Name&) {}, std::vector<Name>(1));
    const std::vector<std::unique_ptr<Shape>> shapes(1);
    procpool::fork_map([](const std::unique_ptr<Shape>& shape) { return !shape; }, shapes);
}
