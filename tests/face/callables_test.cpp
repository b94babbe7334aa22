// What may be called, beyond functions and lambdas.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "face/staff.hpp"
#include "support/lists.hpp"

namespace mp = procpool;
using face_test::Account;
using face_test::Employee;
using support::listed;

namespace {

struct Scale {
    std::vector<double> factors;
    double operator()(std::size_t i) const { return factors.at(i); }
};

class Counter {
public:
    Counter() = default;
    explicit Counter(std::string letters) : letters_(std::move(letters)) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(letters_);
    }
    std::size_t operator()(const std::string& s) const {
        return s.find_first_of(letters_) == std::string::npos ? 0 : 1;
    }

private:
    std::string letters_;
};

int twice(int x) { return 2 * x; }

TEST(Callables, CallsMembers) {
    mp::Pool pool{2};
    Account account("Ada");
    account.deposit(5);
    const std::vector<Account> accounts{account, Account("Bob")};
    EXPECT_EQ(pool.map(&Account::balance, accounts), listed(5, 0));
    const std::vector<Employee> staff{{1, "Ada", {}, {}}, {2, "Bob", {}, {}}};
    EXPECT_EQ(pool.map(&Employee::name, staff), listed("Ada", "Bob"));
    EXPECT_EQ(pool.map(&std::string::size, std::vector<std::string>{"abc"}),
              listed<std::size_t>(3));
    std::vector<std::unique_ptr<Employee>> pointers;
    pointers.push_back(std::make_unique<Employee>(staff[1]));
    EXPECT_EQ(pool.map(&Employee::id, pointers), listed(2));
}

TEST(Callables, CallsFunctorsThatOwnMemoryIfTheirPartsTravel) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map(Scale{{1.5, 2.5}}, std::vector<std::size_t>{0, 1}), listed(1.5, 2.5));
    EXPECT_EQ(pool.map(Counter("xyz"), std::vector<std::string>{"a", "xa"}),
              listed<std::size_t>(0, 1));
    EXPECT_EQ(pool.map(mp::bind_back(Counter("xyz")), std::vector<std::string>{"xa"}),
              listed<std::size_t>(1));
}

TEST(Callables, CallsBindsOfBindsWithAnyArguments) {
    mp::Pool pool{2};
    const auto f = [](const Employee& e, int x, const std::map<std::string, int>& table,
                      const std::unique_ptr<std::string>& suffix) {
        return e.name + std::to_string(x + table.at("k")) + *suffix;
    };
    const auto bound = mp::bind_front(
        mp::bind_back(f, std::map<std::string, int>{{"k", 4}}, std::make_unique<std::string>("!")),
        Employee{1, "Ada", {}, {}});
    EXPECT_EQ(pool.map(bound, std::vector{1, 2}), listed("Ada5!", "Ada6!"));
}

TEST(Callables, BindsCallablesToCallables) {
    mp::Pool pool{2};
    const auto compose = [](int x, const auto& f, const auto& g) { return f(g(x)); };
    const auto bound = mp::bind_back(compose, &twice, [k = 3](int x) { return x + k; });
    EXPECT_EQ(pool.map(bound, std::vector{1, 2}), listed(8, 10));
    const auto add = [](int x, const std::vector<int>& v) { return x + v.at(0); };
    const auto nested = mp::bind_back(compose, mp::bind_back(add, std::vector{100}), &twice);
    EXPECT_EQ(pool.map(nested, std::vector{1, 2}), listed(102, 104));
}

TEST(Callables, SpreadsPairsTuplesAndArrays) {
    mp::Pool pool{2};
    const auto add = [](int a, int b) { return a + b; };
    EXPECT_EQ(pool.starmap(add, std::vector<std::pair<int, int>>{{1, 2}, {3, 4}}), listed(3, 7));
    EXPECT_EQ(pool.starmap(add, std::vector<std::array<int, 2>>{{1, 2}, {3, 4}}), listed(3, 7));
    EXPECT_EQ(pool.starmap(add, std::map<int, int>{{1, 2}, {3, 4}}), listed(3, 7));
    const auto call = [](std::unique_ptr<int> p, std::string s, const Employee& e) {
        return std::to_string(*p) + s + e.name;
    };
    std::vector<std::tuple<std::unique_ptr<int>, std::string, Employee>> items;
    items.emplace_back(std::make_unique<int>(1), "a", Employee{1, "Ada", {}, {}});
    EXPECT_EQ(pool.starmap(call, items), listed("1aAda"));
}

}  // namespace
