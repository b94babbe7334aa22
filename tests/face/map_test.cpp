#include <array>
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <list>
#include <map>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "support/lists.hpp"
#include "support/numbers.hpp"

namespace mp = procpool;
using support::listed;
using support::numbers;
using support::squares;

namespace {

struct Meter {
    explicit Meter(int v) : value(v) {}
    int value;
};

}  // namespace

template <>
inline constexpr bool mp::enable_shippable<Meter> = true;

namespace {

constexpr auto square = [](int x) { return x * x; };

int twice(int x) { return 2 * x; }
int no_throw_twice(int x) noexcept { return 2 * x; }

TEST(Map, GivesResultsInTheOrderOfTheItems) {
    mp::Pool pool{3};
    EXPECT_EQ(pool.map(square, numbers(1000)), squares(1000));
}

TEST(Map, GivesTheSameForEveryChunksize) {
    mp::Pool pool{2};
    for (const std::size_t chunksize : {1u, 2u, 7u, 20u, 99u, 100u, 101u, 100'000u}) {
        EXPECT_EQ(pool.map(square, numbers(100), {.chunksize = chunksize}), squares(100))
            << "chunksize " << chunksize;
    }
}

TEST(Map, RunsInOtherProcesses) {
    mp::Pool pool{2};
    const auto pids = pool.map([](int) { return getpid(); }, numbers(10));
    EXPECT_EQ(std::count(pids.begin(), pids.end(), getpid()), 0);
}

TEST(Map, OfAnEmptyRangeIsEmpty) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.map(square, std::vector<int>{}).empty());
    EXPECT_TRUE(pool.map(square, std::vector<int>{}, {.chunksize = 1}).empty());
    EXPECT_TRUE(pool.map(square, std::list<int>{}).empty());
    EXPECT_TRUE(
        pool.map([](const std::string& s) { return s; }, std::vector<std::string>{}).empty());
}

TEST(Map, TakesManyItems) {
    mp::Pool pool{2};
    const auto items = numbers(1'000'000);
    const auto results = pool.map([](int x) { return x + 1; }, items);
    ASSERT_EQ(results.size(), items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        ASSERT_EQ(results[i], items[i] + 1);
    }
}

// What is called

TEST(Map, CallsFunctions) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(twice, numbers(3)), listed(0, 2, 4));
    EXPECT_EQ(pool.map(&twice, numbers(3)), listed(0, 2, 4));
    EXPECT_EQ(pool.map(no_throw_twice, numbers(3)), listed(0, 2, 4));
}

TEST(Map, CallsLambdasThatCaptureByValue) {
    mp::Pool pool{1};
    const double a = 2, b = 1;
    EXPECT_EQ(pool.map([a, b](int x) { return a * x + b; }, numbers(3)), listed(1., 3., 5.));
}

TEST(Map, CallsLargeFunctors) {
    mp::Pool pool{1};
    std::array<int, 10'000> table{};
    std::iota(table.begin(), table.end(), 5);
    const auto lookup = [table](int x) { return table[static_cast<std::size_t>(x)]; };
    EXPECT_EQ(pool.map(lookup, numbers(3)), listed(5, 6, 7));
}

TEST(Map, CallsFunctorsWithMutableMembers) {
    struct Remembering {
        std::array<int, 10> small{};
        mutable int calls = 0;
        int operator()(int x) const {
            ++calls;
            return x;
        }
    };
    struct RememberingMuch {
        std::array<int, 10'000> large{};
        mutable int calls = 0;
        int operator()(int x) const {
            ++calls;
            return x;
        }
    };
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(Remembering{}, numbers(10)), numbers(10));
    EXPECT_EQ(pool.map(RememberingMuch{}, numbers(10)), numbers(10));
}

TEST(Map, CallsOverAlignedFunctors) {
    struct alignas(128) Aligned {
        int offset;
        int operator()(int x) const {
            return reinterpret_cast<std::uintptr_t>(this) % 128 == 0 ? x + offset : -1;
        }
    };
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(Aligned{3}, numbers(3)), listed(3, 4, 5));
}

struct Point {
    int x;
    int y;
    int sum() const { return x + y; }
};

TEST(Map, CallsMembers) {
    mp::Pool pool{1};
    const std::vector<Point> points{{1, 2}, {3, 4}};
    EXPECT_EQ(pool.map(&Point::sum, points), listed(3, 7));
    EXPECT_EQ(pool.map(&Point::y, points), listed(2, 4));
    EXPECT_EQ(pool.map(&std::string::size, std::vector<std::string>{"a", "bcd"}),
              listed<std::size_t>(1, 3));
}

TEST(Map, PassesEachItemAsAnRvalue) {
    mp::Pool pool{1};
    const auto own = [](std::string&& s) {
        s += "!";
        return std::move(s);
    };
    EXPECT_EQ(pool.map(own, std::vector<std::string>{"a", "b"}), listed("a!", "b!"));
}

TEST(Map, LetsTaskTakeItsItemApartWithoutHarmToTheNext) {
    mp::Pool pool{1};
    const auto plunder = [](std::vector<int>&& v) {
        const auto mine = std::move(v);
        return static_cast<int>(mine.size());
    };
    const std::vector<std::vector<int>> items{{1, 2, 3}, {4}, {}, {5, 6}};
    EXPECT_EQ(pool.map(plunder, items, {.chunksize = 4}), listed(3, 1, 0, 2));
}

// What is passed

TEST(Map, TakesBoolsAndGivesBools) {
    mp::Pool pool{2};
    const std::vector<bool> bits{true, false, true};
    const std::vector<bool> flipped = pool.map([](bool b) { return !b; }, bits);
    EXPECT_EQ(flipped, listed(false, true, false));
}

TEST(Map, OfAFunctionWithoutResultReturnsNothing) {
    mp::Pool pool{2};
    static_assert(std::is_void_v<decltype(pool.map([](int) {}, numbers(3)))>);
    EXPECT_NO_THROW(pool.map([](int) {}, numbers(3)));
}

TEST(Map, DecaysResults) {
    mp::Pool pool{1};
    auto results = pool.map([](const std::string& s) -> const std::string& { return s; },
                            std::vector<std::string>{"x"});
    static_assert(std::is_same_v<decltype(results), std::vector<std::string>>);
    EXPECT_EQ(results, listed("x"));
}

TEST(Map, CarriesResultsWithoutADefault) {
    mp::Pool pool{2};
    const auto results = pool.map([](int x) { return Meter(x); }, numbers(20));
    ASSERT_EQ(results.size(), 20u);
    EXPECT_EQ(results[19].value, 19);
}

TEST(Map, CarriesItemsWithoutADefault) {
    mp::Pool pool{1};
    const std::vector<Meter> items{Meter(1), Meter(2)};
    EXPECT_EQ(pool.map([](Meter m) { return m.value; }, items), listed(1, 2));
}

TEST(Map, CarriesStringsOfAllLengths) {
    mp::Pool pool{2};
    std::vector<std::string> words;
    for (const std::size_t size : {0u, 1u, 15u, 16u, 100u, 5'000u, 70'000u, 3'000'000u}) {
        words.emplace_back(size, static_cast<char>('a' + size % 26));
    }
    EXPECT_EQ(pool.map([](std::string s) { return s; }, words), words);
}

TEST(Map, CarriesFixedItemsOfAllLengths) {
    using Large = std::array<char, 100'000>;
    mp::Pool pool{2};
    std::vector<Large> items(5);
    for (std::size_t i = 0; i < items.size(); ++i) {
        items[i].fill(static_cast<char>(i));
    }
    EXPECT_EQ(pool.map([](const Large& x) { return x; }, items), items);
}

template <class T>
void expect_echo(mp::Pool& pool, const std::vector<T>& items) {
    EXPECT_EQ(pool.map([](const T& x) { return x; }, items), items);
}

TEST(Map, CarriesContainersAndProducts) {
    mp::Pool pool{2};
    expect_echo<std::vector<double>>(pool, {{1, 2}, {}, {3}});
    expect_echo<std::vector<bool>>(pool, {{true, false}, {}});
    expect_echo<std::vector<std::string>>(pool, {{"a", ""}, {}, {std::string(100, 'x')}});
    expect_echo<std::vector<std::vector<int>>>(pool, {{{1}, {}}, {}});
    expect_echo<std::u16string>(pool, {u"abc", u""});
    expect_echo<std::pair<int, double>>(pool, {{1, 2.5}, {3, 4.5}});
    expect_echo<std::pair<int, std::string>>(pool, {{1, "one"}, {2, ""}});
    expect_echo<std::tuple<char, std::string, std::vector<int>>>(pool, {{'a', "b", {1, 2}}});
    expect_echo<std::optional<int>>(pool, {1, std::nullopt});
    expect_echo<std::optional<std::string>>(pool, {"x", std::nullopt, ""});
    expect_echo<std::tuple<>>(pool, {{}, {}});
}

TEST(Starmap, SpreadsTuples) {
    mp::Pool pool{2};
    const std::vector<std::tuple<int, std::string, double>> items{{1, "a", 0.5}, {2, "b", 1.5}};
    const auto join = [](int i, const std::string& s, double d) {
        return std::to_string(i) + s + std::to_string(static_cast<int>(2 * d));
    };
    EXPECT_EQ(pool.starmap(join, items), listed("1a1", "2b3"));
}

TEST(Starmap, SpreadsTheItemsOfAMap) {
    mp::Pool pool{2};
    const std::map<std::string, int> ages{{"ann", 3}, {"bob", 5}};
    EXPECT_EQ(
        pool.starmap([](std::string name, int age) { return name + std::to_string(age); }, ages),
        listed("ann3", "bob5"));
}

TEST(Starmap, MaxOfPairsAsInPython) {
    mp::Pool pool{2};
    std::vector<std::pair<int, int>> items;
    for (int i = 0; i < 100; ++i) {
        items.emplace_back(i, 100 - i);
    }
    const auto results = pool.starmap([](int a, int b) { return a * b; }, items, {.chunksize = 20});
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)], i * (100 - i));
    }
}

// Ranges

TEST(Map, TakesRangesOfEveryKind) {
    mp::Pool pool{2};
    const int array[] = {0, 1, 2};
    EXPECT_EQ(pool.map(square, array), listed(0, 1, 4));
    EXPECT_EQ(pool.map(square, std::list<int>{0, 1, 2}), listed(0, 1, 4));
    EXPECT_EQ(pool.map(square, std::forward_list<int>{0, 1, 2}), listed(0, 1, 4));
    EXPECT_EQ(pool.map(square, std::set<int>{2, 1, 0}), listed(0, 1, 4));
    EXPECT_EQ(pool.map(square, std::array{0, 1, 2}), listed(0, 1, 4));
    EXPECT_EQ(pool.map(square, std::views::iota(0, 3)), listed(0, 1, 4));
    EXPECT_EQ(pool.map(square, std::initializer_list<int>{0, 1, 2}), listed(0, 1, 4));

    const auto even = std::views::filter([](int x) { return x % 2 == 0; });
    EXPECT_EQ(pool.map(square, std::views::iota(0, 6) | even), listed(0, 4, 16));

    const auto text = std::views::transform([](int x) { return std::to_string(x); });
    EXPECT_EQ(pool.map([](std::string s) { return s + "."; }, std::views::iota(8, 11) | text),
              listed("8.", "9.", "10."));
}

TEST(Map, TakesInputRanges) {
    mp::Pool pool{2};
    std::istringstream stream("we map functions to data");
    const auto words = std::ranges::subrange(std::istream_iterator<std::string>(stream),
                                             std::istream_iterator<std::string>());
    EXPECT_EQ(pool.map(&std::string::size, words), listed<std::size_t>(2, 3, 9, 2, 4));

    std::istringstream digits("1 2 3");
    EXPECT_EQ(pool.map(square, std::views::istream<int>(digits)), listed(1, 4, 9));
}

/// A range whose size() is not how many items it has.
struct Liar {
    std::vector<int> items;
    std::size_t said;
    auto begin() const { return std::list<int>::const_iterator(list.begin()); }
    auto end() const { return std::list<int>::const_iterator(list.end()); }
    std::size_t size() const { return said; }
    std::list<int> list{items.begin(), items.end()};
};

TEST(Map, DoesNotBelieveASize) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map(square, Liar{{1, 2, 3}, 1'000'000}), listed(1, 4, 9));
    EXPECT_EQ(pool.map(square, Liar{{1, 2, 3}, 1}), listed(1, 4, 9));
    EXPECT_EQ(pool.map(square, Liar{{1, 2, 3}, 0}), listed(1, 4, 9));
}

/// Counts up from 0 and throws when it is to give `bad`.
struct Throwing {
    struct Iterator {
        int at;
        int bad;
        int operator*() const {
            if (at == bad) {
                throw std::domain_error("no more numbers");
            }
            return at;
        }
        Iterator& operator++() {
            ++at;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return at != other.at; }
    };
    int bad;
    Iterator begin() const { return {0, bad}; }
    Iterator end() const { return {100, bad}; }
    static std::size_t size() { return 100; }
};

TEST(Map, ThrowsWhatTheRangeThrowsAndGoesOnWorking) {
    mp::Pool pool{2};
    for (int again = 0; again < 2; ++again) {
        for (const int bad : {0, 3, 99}) {
            EXPECT_THROW(pool.map(square, Throwing{bad}), std::domain_error);
        }
    }
    EXPECT_EQ(pool.map(square, numbers(5)), squares(5));
    EXPECT_EQ(pool.map(square, Throwing{-1}).size(), 100u);
}

TEST(Map, LeavesTheRangeAsItIs) {
    mp::Pool pool{1};
    std::vector<std::string> words{"a long string that is on the heap", "b"};
    const auto before = words;
    pool.map([](std::string&& s) { return std::move(s); }, words);
    EXPECT_EQ(words, before);
}

TEST(ForEach, CallsEveryItemAndDropsResults) {
    mp::Pool pool{2};
    static_assert(std::is_void_v<decltype(pool.for_each(square, numbers(1)))>);
    EXPECT_NO_THROW(pool.for_each(square, numbers(100)));
    struct Unshippable {
        explicit Unshippable(std::string) {}
        std::string* pointer = nullptr;
    };
    EXPECT_NO_THROW(pool.for_each([](int) { return Unshippable(""); }, numbers(3)));
}

}  // namespace
