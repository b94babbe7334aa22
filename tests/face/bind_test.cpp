#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::listed;
using namespace std::chrono_literals;

namespace {

double slow_square(double x, std::chrono::duration<double> pause = 10ms) {
    return pause > 1s ? -1 : x * x;
}

std::string join(const std::string& a, const std::string& b, const std::string& c) {
    return a + "," + b + "," + c;
}

struct Price {
    long cents;
    [[nodiscard]] long doubled() const { return 2 * cents; }
};

TEST(BindFront, PutsArgumentsBeforeTheItem) {
    EXPECT_EQ(mp::bind_front(join, "a", "b")("x"), "a,b,x");
    EXPECT_EQ(mp::bind_front(join)("a", "b", "c"), "a,b,c");
}

TEST(BindBack, PutsArgumentsAfterTheItem) {
    EXPECT_EQ(mp::bind_back(join, "a", "b")("x"), "x,a,b");
    EXPECT_EQ(mp::bind_back(slow_square, 100ms)(3), 9);
}

TEST(Bind, KeepsCopiesOfItsArguments) {
    std::string s = "before";
    const auto bound = mp::bind_front(join, s, s);
    s = "after";
    EXPECT_EQ(bound("x"), "before,before,x");
}

TEST(Bind, KeepsAStringLiteralAsTheStringThatItSpells) {
    const auto keep = [](const auto& text) { return text; };
    static_assert(std::is_same_v<decltype(mp::bind_back(keep, "a")),
                                 decltype(mp::bind_back(keep, std::string("a")))>);
    EXPECT_EQ(mp::bind_back(keep, "text")(), "text");
    EXPECT_EQ(mp::bind_front(keep, "text")(), "text");
    EXPECT_EQ(mp::bind_back(keep, L"wide")(), L"wide");
    EXPECT_EQ(mp::bind_back(keep, "")(), "");
}

TEST(Bind, KeepsOfACharacterArrayWhatIsBeforeItsEnd) {
    const auto keep = [](const std::string& text) { return text; };
    const char padded[8] = "abc";
    const char full[3] = {'a', 'b', 'c'};
    EXPECT_EQ(mp::bind_back(keep, padded)(), "abc");
    EXPECT_EQ(mp::bind_back(keep, full)(), "abc");
}

TEST(Bind, OfTrivialPartsIsTriviallyCopyable) {
    const auto bound = mp::bind_back(slow_square, std::chrono::duration<double>(100ms));
    static_assert(std::is_trivially_copyable_v<decltype(bound)>);
    static_assert(std::is_trivially_copyable_v<decltype(mp::bind_front(bound, 1.0))>);
}

TEST(Bind, CallsMembers) {
    struct Scale {
        int factor;
        int times(int x) const { return factor * x; }
    };
    const Scale three{3};
    EXPECT_EQ(mp::bind_back(&Scale::times, 2)(three), 6);
    EXPECT_EQ(mp::bind_back(&Scale::times, 2)(&three), 6);
    EXPECT_EQ(mp::bind_back(&Scale::times, 2)(std::cref(three)), 6);
    EXPECT_EQ(mp::bind_front(&Scale::times, three)(2), 6);
    EXPECT_EQ(mp::bind_front(&Scale::factor)(three), 3);
}

TEST(Bind, CanOnlyBeCalledAsItsFunctionCan) {
    const auto bound = mp::bind_back(slow_square, 100ms);
    static_assert(std::is_invocable_v<decltype(bound), double>);
    static_assert(!std::is_invocable_v<decltype(bound), std::string>);
    static_assert(!std::is_invocable_v<decltype(bound), double, double>);
}

TEST(Bind, TravelsWithNumbers) {
    mp::Pool pool{2};
    const std::vector<double> data{1, 2, 3};
    EXPECT_EQ(pool.map(mp::bind_back(slow_square, 100ms), data), listed(1., 4., 9.));
    EXPECT_EQ(pool.map(mp::bind_back(slow_square, 2s), data), listed(-1., -1., -1.));
}

TEST(Bind, TravelsWithStringsAndVectors) {
    mp::Pool pool{2};
    const std::string a = "a string that is certainly on the heap";
    EXPECT_EQ(pool.map(mp::bind_front(join, a, std::string("b")), std::vector<std::string>{"x"}),
              listed(a + ",b,x"));
    const auto lookup = [](std::size_t i, const std::vector<double>& table) { return table[i]; };
    const std::vector<double> table(100'000, 2.5);
    EXPECT_EQ(pool.map(mp::bind_back(lookup, table), std::vector<std::size_t>{0, 99'999}),
              listed(2.5, 2.5));
}

TEST(Bind, TravelsWithStringLiterals) {
    mp::Pool pool{1};
    const std::vector<std::string> items{"x"};
    EXPECT_EQ(pool.map(mp::bind_back(join, "b", "c"), items), listed("x,b,c"));
    EXPECT_EQ(pool.map(mp::bind_back(join, "b", std::string("c")), items), listed("x,b,c"));
    EXPECT_EQ(pool.map(mp::bind_front(join, "a", "b"), items), listed("a,b,x"));
}

TEST(Bind, TravelsWithOptionalsPairsAndTuples) {
    mp::Pool pool{1};
    const auto f = [](int x, const std::pair<int, std::string>& p,
                      const std::optional<std::string>& o,
                      const std::tuple<std::vector<std::string>>& t) {
        return std::to_string(x + p.first) + p.second + o.value_or("none") + std::get<0>(t).at(1);
    };
    const auto bound =
        mp::bind_back(f, std::pair{1, std::string("p")}, std::optional<std::string>(),
                      std::tuple{std::vector<std::string>{"a", "b"}});
    EXPECT_EQ(pool.map(bound, std::vector<int>{1}), listed("2pnoneb"));
}

TEST(Bind, TravelsWhenNested) {
    mp::Pool pool{1};
    const auto inner = mp::bind_back(join, std::string("c"));
    const auto outer = mp::bind_front(inner, std::string("a"));
    EXPECT_EQ(pool.map(outer, std::vector<std::string>{"x"}), listed("a,x,c"));
}

TEST(Bind, TravelsWithLambdas) {
    mp::Pool pool{1};
    const auto f = [k = 3](int x, const std::string& s) { return s + std::to_string(k * x); };
    EXPECT_EQ(pool.map(mp::bind_back(f, std::string("n")), std::vector<int>{2}), listed("n6"));
    const auto apply = [](int x, auto g) { return g(x); };
    const auto twice = [](int x) { return 2 * x; };
    EXPECT_EQ(pool.map(mp::bind_back(apply, twice), std::vector<int>{2}), listed(4));
}

TEST(Bind, TravelsWithMemberFunctions) {
    const auto call = [](const Price& price, long (Price::*member)() const) {
        return (price.*member)();
    };
    const auto call_beside = [](const Price& price, long (Price::*member)() const,
                                const std::string& name) {
        return name + std::to_string((price.*member)());
    };
    const std::vector<Price> prices{{1}, {2}};
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(mp::bind_back(call, &Price::doubled), prices), listed<long>(2, 4));
    EXPECT_EQ(pool.map(mp::bind_back(call_beside, &Price::doubled, std::string("x")), prices),
              listed("x2", "x4"));
}

TEST(Bind, TravelsWithNumbersThatLookLikeAddresses) {
    mp::Pool pool{1};
    const int here = 0;
    const auto number = reinterpret_cast<std::uint64_t>(&here);
    const auto last = [](int, std::uint64_t n) { return n % 1000; };
    EXPECT_EQ(pool.map(mp::bind_back(last, number), std::vector<int>{1}), listed(number % 1000));
}

}  // namespace
