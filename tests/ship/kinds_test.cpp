// Which types travel; does_not_compile says what a person is told of the others.

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/detail/kind.hpp>

using namespace procpool::detail;

namespace {

struct Point {
    double x = 0, y = 0;
};
struct Named {
    int id;
    const char* name;
};
struct Viewing {
    std::string_view text;
};
struct Deeper {
    std::vector<std::optional<Viewing>> views;
};
struct Referring {
    const std::string& text;
};
struct Constant {
    const int value;
};
struct Derived : Point {
    int z;
};
struct Closing {
    int descriptor;
    ~Closing() {}
};
class Hidden {
    [[maybe_unused]] int state_ = 0;
};
struct HoldsHidden {
    std::string name;
    Hidden hidden;
};
class Shape {
public:
    virtual ~Shape() = default;
};
union Either {
    int i;
    float f;
};
struct Modulo {
    int n = 2;
    bool operator()(int a, int b) const { return a % n == b % n; }
};
struct Tagged {
    int tag;
    union {
        int i;
        float f;
    };
};
class NamedVector : public std::vector<int> {
public:
    std::string name;
};

TEST(Kinds, DoNotTravel) {
    static_assert(!Encodable<int*> && !Encodable<std::nullptr_t> && !Encodable<int&>);
    static_assert(!Encodable<std::string_view> && !Encodable<std::span<int>>);
    static_assert(!Encodable<std::reference_wrapper<int>> &&
                  !Encodable<std::initializer_list<int>>);
    static_assert(!Encodable<std::pair<int, std::string_view>>);
    static_assert(!Encodable<std::tuple<std::optional<int*>>>);
    static_assert(!Encodable<std::vector<const char*>> && !Encodable<std::map<int, int*>>);
    static_assert(!Encodable<std::variant<int, char*>> && !Encodable<std::unique_ptr<int*>>);
    static_assert(!Encodable<Named> && !Encodable<Viewing> && !Encodable<Deeper>);
    static_assert(!Encodable<Referring> && !Encodable<Constant> && !Encodable<Derived>);
    static_assert(!Encodable<Closing> && !Encodable<Hidden> && !Encodable<HoldsHidden>);
    static_assert(!Encodable<Shape> && !Encodable<std::unique_ptr<Shape>> && !Encodable<Either>);
    static_assert(!Encodable<std::shared_ptr<int>> && !Encodable<std::unique_ptr<int[]>>);
    static_assert(!Encodable<std::function<int()>> && !Encodable<NamedVector>);
    static_assert(!Encodable<Tagged>);
    static_assert(!Encodable<std::set<int, bool (*)(int, int)>>);
    static_assert(!Encodable<std::map<int, int, std::function<bool(int, int)>>>);
    static_assert(!Encodable<std::unordered_set<int, std::size_t (*)(int)>>);
    static_assert(!Encodable<std::unordered_map<int, int, std::hash<int>, Modulo>>);
    static_assert(!Encodable<int (std::string::*)()> && Encodable<double Point::*>);
}

}  // namespace
