#include <array>
#include <chrono>
#include <coroutine>
#include <deque>
#include <exception>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::listed;

namespace {

struct Employee {
    int id = 0;
    std::string name;
    std::optional<double> salary;
    std::map<std::string, std::vector<int>> marks;
    bool operator==(const Employee&) const = default;
};

class Account {
public:
    Account() = default;
    explicit Account(std::string owner) : owner_(std::move(owner)) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(owner_, history_);
    }
    void deposit(int cents) { history_.push_back(cents); }
    [[nodiscard]] int balance() const {
        return std::accumulate(history_.begin(), history_.end(), 0);
    }
    bool operator==(const Account&) const = default;

private:
    std::string owner_;
    std::list<int> history_;
};

class Angle {
public:
    explicit Angle(double degrees) : degrees_(degrees) {}
    [[nodiscard]] double degrees() const { return degrees_; }
    bool operator==(const Angle&) const = default;

private:
    double degrees_;
};

}  // namespace

template <>
inline constexpr bool mp::enable_shippable<Angle> = true;

namespace {

// Values ------------------------------------------------------------------------------------------

/// As item, as bound argument, as argument of a call and as result.
template <class T>
void expect_travels(const std::vector<T>& values) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map([](T value) { return value; }, values), values);
    const auto item_or_bound = [](std::size_t i, const T& bound, const std::vector<T>& all) {
        return std::pair(bound, all.at(i));
    };
    const auto pairs = pool.map(mp::bind_back(item_or_bound, values.front(), values),
                                std::vector<std::size_t>{0, values.size() - 1});
    EXPECT_EQ(pairs[0], std::pair(values.front(), values.front()));
    EXPECT_EQ(pairs[1], std::pair(values.front(), values.back()));
    EXPECT_EQ(pool.apply([](const T& value) -> const T& { return value; }, values.back()),
              values.back());
    EXPECT_EQ(*pool.try_map([](const T& value) { return value; }, values).back(), values.back());
    const auto find = [](const T& value) { return std::optional(value); };
    EXPECT_EQ(pool.find_first(find, values), values.front());
}

TEST(Shipping, CarriesContainersOfContainers) {
    expect_travels<std::map<std::string, std::vector<double>>>({{{"a", {1, 2}}}, {}});
    expect_travels<std::unordered_map<int, std::set<std::string>>>({{{1, {"x", "y"}}}, {}});
    expect_travels<std::deque<std::string>>({{"a", "b"}, {}});
    expect_travels<std::forward_list<int>>({{1, 2, 3}, {}});
    expect_travels<std::array<std::string, 2>>({{"a", "b"}, {"c", ""}});
    expect_travels<std::vector<bool>>({{true, false}, {}});
}

TEST(Shipping, CarriesChoices) {
    expect_travels<std::variant<int, std::string, Employee>>(
        {1, "two", Employee{3, "three", 3., {}}});
    expect_travels<std::variant<std::monostate, double>>({std::monostate{}, 2.5});
    expect_travels<std::optional<std::string>>({"a", std::nullopt});
    expect_travels<std::optional<int>>({1, std::nullopt});
    expect_travels<std::tuple<int, std::optional<std::string>, char>>(
        {{1, "a", 'x'}, {2, {}, 'y'}});
}

TEST(Shipping, CarriesAggregatesWithoutAMacro) {
    expect_travels<Employee>({{1, "Ada", 3.5, {{"maths", {1, 1}}}}, {2, "Bob", {}, {}}});
}

TEST(Shipping, CarriesClassesWithASerializeMember) {
    Account account("Ada");
    account.deposit(5);
    expect_travels<Account>({account, Account("Bob")});
}

TEST(Shipping, CarriesClassesThatAreSaidToBeBytes) {
    expect_travels<Angle>({Angle(1), Angle(2)});
    expect_travels<std::map<int, Angle>>({{{1, Angle(1)}}, {}});
}

TEST(Shipping, CarriesPathsTimesAndErrorCodes) {
    expect_travels<std::filesystem::path>({"/tmp/a", ""});
    expect_travels<std::chrono::system_clock::time_point>({std::chrono::system_clock::now(), {}});
    expect_travels<std::error_code>({std::make_error_code(std::errc::io_error), {}});
}

TEST(Shipping, CarriesWhatOnlyMoves) {
    using Box = std::unique_ptr<std::string>;
    mp::Pool pool{2};
    std::vector<Box> boxes;
    boxes.push_back(std::make_unique<std::string>("a"));
    boxes.push_back(nullptr);
    auto back = pool.map([](Box box) { return box; }, boxes);
    EXPECT_EQ(*back.at(0), "a");
    EXPECT_EQ(back.at(1), nullptr);
    EXPECT_EQ(*boxes[0], "a");

    const auto append = [](char c, const Box& box) {
        return std::make_unique<std::string>(*box + c);
    };
    const auto bound = mp::bind_back(append, std::make_unique<std::string>("x"));
    EXPECT_EQ(*pool.map(bound, std::string("y")).at(0), "xy");
    EXPECT_EQ(*pool.apply([](Box box) { return box; }, std::make_unique<std::string>("z")), "z");
    EXPECT_EQ(**pool.try_map([](int) { return std::make_unique<int>(1); }, std::list{1}).at(0), 1);
    EXPECT_EQ(
        **pool.find_any([](int) { return std::optional(std::make_unique<int>(1)); }, std::list{1}),
        1);
    EXPECT_EQ(*pool.submit([] { return std::make_unique<int>(7); }).get(), 7);
}

TEST(Shipping, CarriesMapEntriesWithTheirConstKeys) {
    mp::Pool pool{2};
    const std::map<std::string, int> ages{{"Ada", 36}, {"Bob", 7}};
    using Entry = std::map<std::string, int>::value_type;
    EXPECT_EQ(pool.map([](const Entry& e) { return e.first + std::to_string(e.second); }, ages),
              listed("Ada36", "Bob7"));
    EXPECT_EQ(pool.map([](Entry e) { return e; }, ages), listed(Entry("Ada", 36), Entry("Bob", 7)));
}

TEST(Shipping, CarriesALargeAggregateResultBesideSmallOnes) {
    mp::Pool pool{2};
    const auto name = [](int n) {
        return Employee{n, std::string(static_cast<std::size_t>(n), 'x'), {}, {}};
    };
    const auto back = pool.map(name, std::vector{1, 300'000, 0});
    EXPECT_EQ(back, (std::vector{name(1), name(300'000), name(0)}));
}

// Callables ---------------------------------------------------------------------------------------

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

TEST(Shipping, CallsMembers) {
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

TEST(Shipping, CallsFunctorsThatOwnMemoryIfTheirPartsTravel) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map(Scale{{1.5, 2.5}}, std::vector<std::size_t>{0, 1}), listed(1.5, 2.5));
    EXPECT_EQ(pool.map(Counter("xyz"), std::vector<std::string>{"a", "xa"}),
              listed<std::size_t>(0, 1));
    EXPECT_EQ(pool.map(mp::bind_back(Counter("xyz")), std::vector<std::string>{"xa"}),
              listed<std::size_t>(1));
}

TEST(Shipping, CallsBindsOfBindsWithAnyArguments) {
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

TEST(Shipping, BindsCallablesToCallables) {
    mp::Pool pool{2};
    const auto compose = [](int x, const auto& f, const auto& g) { return f(g(x)); };
    const auto bound = mp::bind_back(compose, &twice, [k = 3](int x) { return x + k; });
    EXPECT_EQ(pool.map(bound, std::vector{1, 2}), listed(8, 10));
    const auto add = [](int x, const std::vector<int>& v) { return x + v.at(0); };
    const auto nested = mp::bind_back(compose, mp::bind_back(add, std::vector{100}), &twice);
    EXPECT_EQ(pool.map(nested, std::vector{1, 2}), listed(102, 104));
}

TEST(Shipping, SpreadsPairsTuplesAndArrays) {
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

// Ranges ------------------------------------------------------------------------------------------

/// The least that `for` accepts: it can be walked once, and its iterator cannot be copied.
class Generator {
public:
    struct promise_type {
        std::unique_ptr<int> value;
        Generator get_return_object() {
            return Generator(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v) {
            value = std::make_unique<int>(v);
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    struct Iterator {
        std::coroutine_handle<promise_type> handle;
        explicit Iterator(std::coroutine_handle<promise_type> h) : handle(h) {}
        Iterator(Iterator&&) = default;
        std::unique_ptr<int> operator*() const { return std::move(handle.promise().value); }
        void operator++() { handle.resume(); }
        bool operator!=(std::nullptr_t) const { return !handle.done(); }
    };
    explicit Generator(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;
    ~Generator() { handle_.destroy(); }
    Iterator begin() {
        handle_.resume();
        return Iterator(handle_);
    }
    std::nullptr_t end() { return nullptr; }

private:
    std::coroutine_handle<promise_type> handle_;
};

Generator counted(int n) {
    for (int i = 0; i < n; ++i) {
        co_yield i;
    }
}

/// A range that says another size than it has.
struct Lying {
    std::list<std::string> items{"a", "b", "c"};
    [[nodiscard]] std::size_t size() const { return claimed; }
    [[nodiscard]] auto begin() const { return items.begin(); }
    [[nodiscard]] auto end() const { return items.end(); }
    std::size_t claimed;
};

TEST(Shipping, TakesGeneratorsOfItemsThatOnlyMove) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map([](std::unique_ptr<int> p) { return *p; }, counted(3)), listed(0, 1, 2));
    EXPECT_TRUE(pool.map([](std::unique_ptr<int> p) { return *p; }, counted(0)).empty());
}

TEST(Shipping, TakesViews) {
    mp::Pool pool{2};
    const auto odd = [](int x) { return x % 2 == 1; };
    const auto label = [](int x) { return std::to_string(x) + "n"; };
    EXPECT_EQ(pool.map(&twice, std::views::iota(0, 6) | std::views::filter(odd)), listed(2, 6, 10));
    EXPECT_EQ(pool.map(&std::string::size, std::views::iota(9, 11) | std::views::transform(label)),
              listed<std::size_t>(2, 3));
    const std::vector<std::string> words{"a", "", "b"};
    EXPECT_EQ(pool.map(&std::string::size,
                       words | std::views::filter([](const auto& w) { return !w.empty(); })),
              listed<std::size_t>(1, 1));
}

TEST(Shipping, WalksARangeOnce) {
    mp::Pool pool{1};
    int looks = 0;
    const std::vector<std::string> words{"a", "bb", "ccc"};
    const auto ever_more = [&looks](const std::string&) { return looks++ > 0; };
    EXPECT_EQ(pool.map(&std::string::size, words | std::views::filter(ever_more)),
              listed<std::size_t>(2, 3));
}

TEST(Shipping, BelievesNoSize) {
    mp::Pool pool{1};
    for (const std::size_t claimed : {0u, 1u, 3u, 1'000'000u}) {
        EXPECT_EQ(pool.map(&std::string::size, Lying{.claimed = claimed}),
                  listed<std::size_t>(1, 1, 1));
    }
}

TEST(Shipping, TakesInitializerListsArraysAndProxies) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(&twice, std::initializer_list<int>{1, 2}), listed(2, 4));
    const int numbers[] = {1, 2};
    EXPECT_EQ(pool.map(&twice, numbers), listed(2, 4));
    const auto negate = [](bool b) { return !b; };
    EXPECT_EQ(pool.map(negate, std::vector<bool>{true, false}), (std::vector<bool>{false, true}));
    EXPECT_EQ(pool.map([](char c) { return c; }, std::string("ab")), listed('a', 'b'));
}

}  // namespace
