// docs/shipping.md: how types of one's own travel.
// clang-format off
// [cereal]
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <procpool/cereal.hpp>                // not in procpool.hpp; needs cereal (Debian: libcereal-dev)
// [/cereal]
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;

// [account]
class Account {
public:
    template <class Archive>
    void serialize(Archive& archive) { archive(owner_, history_); }
// [/account]

    Account() = default;
    Account(std::string owner, std::vector<int> history) : owner_(std::move(owner)), history_(std::move(history)) {}
    int balance() const {
        int sum = 0;
        for (const int amount : history_) sum += amount;
        return sum;
    }

// [account]
private:
    std::string owner_;
    std::vector<int> history_;
};
// [/account]

// [angle]
class Angle {
public:
    explicit Angle(double degrees) : degrees_(degrees) {}
    double degrees() const { return degrees_; }
private:
    double degrees_;
};

template <>
inline constexpr bool procpool::enable_shippable<Angle> = true;
// [/angle]

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    template <class Archive>
    void serialize(Archive&) {}
};
struct Square : Shape {
    double side = 2;
    double area() const override { return side * side; }
    template <class Archive>
    void serialize(Archive& archive) { archive(cereal::base_class<Shape>(this), side); }
};

// [cereal]
template <>
inline constexpr bool procpool::enable_cereal<std::shared_ptr<Shape>> = true;
CEREAL_REGISTER_TYPE(Square)                  // after this header
// [/cereal]

struct Order {    // an aggregate: no macro
    int number;
    std::string customer;
    std::vector<double> prices;
};

int main() {
    mp::Pool pool{2};
    const auto balances = pool.map([](const Account& account) { return account.balance(); },
                                   std::vector<Account>{{"Ada", {5, -2}}, {"Grace", {1}}});
    const auto turned = pool.map([](Angle angle) { return Angle(angle.degrees() + 90); }, std::vector{Angle(1)});
    const std::vector<std::shared_ptr<Shape>> shapes{std::make_shared<Square>()};
    const auto areas = pool.map([](const std::shared_ptr<Shape>& shape) { return shape->area(); }, shapes);
    const auto orders = pool.map([](Order order) { order.prices.push_back(1.5); return order; },
                                 std::vector<Order>{{1, "Ada", {}}});

    const bool right = balances == std::vector{3, 1} && turned[0].degrees() == 91 && areas[0] == 4 &&
                       orders[0].customer == "Ada" && orders[0].prices == std::vector{1.5};
    std::cout << (right ? "ok" : "wrong") << '\n';
    return right ? 0 : 1;
}
