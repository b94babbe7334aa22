// What travels comes back as it was.

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/detail/codec.hpp>

#include "ship/travellers.hpp"
#include "support/lists.hpp"

namespace mp = procpool;
using namespace ship_test;
using namespace std::chrono_literals;
using support::all_are;

namespace {

enum class Colour : std::uint8_t { red, green };

struct Wide {
    int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
    int c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8;
    std::string last;
    bool operator==(const Wide&) const = default;
};

struct Flags {
    unsigned low : 3;
    unsigned high : 5;
    bool operator==(const Flags&) const = default;
};

class Angle {
public:
    explicit Angle(double degrees) : degrees_(degrees) {}
    bool operator==(const Angle&) const = default;

private:
    double degrees_;
};

struct Label {
    char text[8];
    Angle angle;
    bool operator==(const Label&) const = default;
};

struct Turn {
    Label label;
    Angle angle;
    std::string why;
    bool operator==(const Turn&) const = default;
};

struct Job {
    int id = 0;
    std::optional<int> mark;
    Angle angle = Angle(0);
    std::string why;
    bool operator==(const Job&) const = default;
};

struct Packed {
    unsigned low : 3;
    int high : 5;
    bool on : 1;
    std::string why;
    bool operator==(const Packed&) const = default;
};

struct Silent {
    template <class Archive>
    void serialize(Archive&) {}
    ~Silent() {}
    bool operator==(const Silent&) const { return true; }
};

}  // namespace

template <>
inline constexpr bool mp::enable_shippable<Angle> = true;

struct Marked {
    const int number;
    bool operator==(const Marked&) const = default;
};
template <>
inline constexpr bool mp::enable_shippable<Marked> = true;

namespace {

template <class T>
void expect_round_trip(const T& value) {
    const auto bytes = encode(value);
    EXPECT_TRUE(read_frame<T>(bytes) == value);
    if constexpr (FixedSize<T>) {
        EXPECT_EQ(bytes.size(), Codec<T>::fixed_size);
    }
}

TEST(Codec, GivesBackNumbersAndText) {
    expect_round_trip(42);
    expect_round_trip(Colour::green);
    expect_round_trip(2.5L);
    expect_round_trip(std::byte{7});
    expect_round_trip(std::string("abc"));
    expect_round_trip(std::string());
    expect_round_trip(std::wstring(L"wide"));
    expect_round_trip(std::u8string{u8'\xc3', u8'\xa9'});
    expect_round_trip(std::u32string(U"\U0001f40e"));
}

TEST(Codec, GivesBackSequences) {
    expect_round_trip(std::vector<double>{1, 2});
    expect_round_trip(std::vector<bool>{true, false, true});
    expect_round_trip(std::vector<std::vector<bool>>{{true}, {}, {false, true}});
    expect_round_trip(std::array<int, 3>{1, 2, 3});
    expect_round_trip(std::array<std::string, 2>{"a", "b"});
    expect_round_trip(std::array<std::string, 0>{});
    expect_round_trip(std::vector<std::array<std::string, 0>>(5));
    expect_round_trip(std::deque<int>{1, 2});
    expect_round_trip(std::deque<std::string>{"a", "b"});
    expect_round_trip(std::list<std::string>{"a", "b"});
    expect_round_trip(std::forward_list<std::string>{"a", "b", "c"});
    expect_round_trip(std::forward_list<int>{});
    expect_round_trip(std::bitset<70>("1011"));
}

TEST(Codec, GivesBackContainersOfWhatCannotBeAssigned) {
    expect_round_trip(std::vector<Marked>{{1}, {2}});
    expect_round_trip(std::vector<std::vector<Marked>>{{{1}}, {}});
    expect_round_trip(std::array<Marked, 2>{{{1}, {2}}});
    expect_round_trip(std::optional<Marked>(Marked{1}));
}

TEST(Codec, GivesBackMapsAndSets) {
    expect_round_trip(std::map<std::string, int>{{"a", 1}, {"b", 2}});
    expect_round_trip(std::multimap<int, std::string>{{1, "a"}, {1, "b"}});
    expect_round_trip(std::set<std::string>{"a", "b"});
    expect_round_trip(std::multiset<int>{1, 1, 2});
    expect_round_trip(std::unordered_map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
    expect_round_trip(std::unordered_set<int>{1, 2, 3});
    expect_round_trip(std::unordered_multimap<int, int>{{1, 1}, {1, 2}});
    expect_round_trip(std::map<std::pair<int, std::string>, std::set<int>>{{{1, "a"}, {2}}});
}

TEST(Codec, GivesBackMapsWhoseEntriesOnlyMove) {
    std::map<std::string, std::unique_ptr<int>> map;
    map.emplace("a", std::make_unique<int>(5));
    const auto back = read_frame<decltype(map)>(encode(map));
    EXPECT_EQ(*back.at("a"), 5);
}

TEST(Codec, GivesBackPairsTuplesAndChoices) {
    expect_round_trip(std::pair{1, 2.5});
    expect_round_trip(std::optional<std::string>());
    expect_round_trip(std::optional<std::string>("x"));
    expect_round_trip(std::optional<double>(1.5));
    expect_round_trip(std::optional<double>());
    expect_round_trip(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
    expect_round_trip(std::tuple<std::tuple<std::string>>{{"x"}});
    expect_round_trip(std::tuple<>{});
    using Any = std::variant<std::monostate, int, std::string, std::vector<Point>>;
    expect_round_trip(std::vector<Any>{Any{}, Any{3}, Any{"x"}, Any{std::vector<Point>{{1, 2}}}});
    expect_round_trip(std::vector<std::variant<char, double>>{'a', 2.5});
}

TEST(Codec, GivesBackWhatAUniquePtrPointsTo) {
    expect_round_trip(std::unique_ptr<int>());
    EXPECT_EQ(*read_frame<std::unique_ptr<std::string>>(encode(std::make_unique<std::string>("x"))),
              "x");
    EXPECT_EQ(*read_frame<std::unique_ptr<const int>>(encode(std::make_unique<const int>(3))), 3);
}

TEST(Codec, GivesBackTimesPathsNumbersAndErrorCodes) {
    expect_round_trip(15ms);
    expect_round_trip(std::chrono::system_clock::now());
    expect_round_trip(std::chrono::year_month_day(2024y, std::chrono::May, 31d));
    expect_round_trip(std::complex<float>(1, -1));
    expect_round_trip(std::vector<std::complex<double>>{{1, 2}, {3, 4}});
    expect_round_trip(std::filesystem::path("/tmp/a b"));
    expect_round_trip(std::make_error_code(std::errc::io_error));
    expect_round_trip(std::make_error_code(std::future_errc::no_state));
    expect_round_trip(std::map<std::filesystem::path, std::error_code>{{"a", {}}});
}

TEST(Codec, GivesBackAggregates) {
    expect_round_trip(Point{1, 2});
    expect_round_trip(sample());
    expect_round_trip(std::vector<Sample>{sample(), {}});
    Wide wide{};
    wide.a0 = 1;
    wide.d8 = 2;
    wide.last = "end";
    expect_round_trip(wide);
    expect_round_trip(Flags{1, 2});
    expect_round_trip(Turn{{"left", Angle(1)}, Angle(90), "because"});
}

TEST(Codec, GivesBackAggregatesWithBitFields) { expect_round_trip(Packed{5, 9, true, "because"}); }

TEST(Codec, GivesBackAggregatesWithMembersThatHaveNoDefaultOfTheirOwn) {
    expect_round_trip(Job{1, 2, Angle(90), "turn"});
}

TEST(Codec, GivesBackClassesThatSayHow) {
    expect_round_trip(Angle(90));
    expect_round_trip(std::vector<Angle>{Angle(1), Angle(2)});
    expect_round_trip(std::vector<Ledger>{{"a", 1}, {"b", 2}});
    EXPECT_EQ(read_frame<Ledger>(encode(Ledger("a", 1))).loads, 1);
    expect_round_trip(std::vector<Silent>(5));
}

TEST(Codec, GivesBackTypesThatContainThemselves) {
    Tree tree{1, {}, nullptr};
    tree.children.push_back({2, {}, nullptr});
    tree.next = std::make_unique<Tree>(Tree{3, {}, nullptr});
    expect_round_trip(tree);
}

TEST(Codec, CopiesPlainDataAsOneRun) {
    static_assert(Trivial<Point> && Trivial<std::array<Point, 3>> && Trivial<Flags>);
    static_assert(OneRun<std::vector<Point>> && OneRun<std::string>);
    static_assert(FixedSize<std::pair<int, char>> && FixedSize<std::optional<Point>>);
    static_assert(!Trivial<std::optional<int>> && !Trivial<std::variant<int, char>>);
    EXPECT_EQ(encode(std::vector<Point>(3)).size(), 3 * sizeof(Point));
}

/// The byte that the bool is, which no comparison of bools would tell.
int byte_of(const bool& flag) {
    unsigned char byte = 0;
    std::memcpy(&byte, &flag, 1);
    return byte;
}

struct Switch {
    int id;
    bool on;
    bool more[2];
    bool operator==(const Switch&) const = default;
};

template <class T>
T of_nines() {
    return read_frame<T>(std::vector<std::byte>(sizeof(T), std::byte{9}));
}

TEST(Codec, ReadsEveryByteAsABool) {
    const std::vector<std::byte> bytes{std::byte{2}};
    EXPECT_TRUE(read_frame<bool>(bytes));
}

TEST(Codec, ReadsEveryByteAsABoolInsideOfPlainData) {
    static_assert(Trivial<Switch> && OneRun<std::vector<Switch>>);
    const auto one = of_nines<Switch>();
    EXPECT_TRUE(
        all_are(1, (std::array{byte_of(one.on), byte_of(one.more[0]), byte_of(one.more[1])})));
    const auto flags = of_nines<std::array<bool, 3>>();
    EXPECT_TRUE(all_are(1, (std::array{byte_of(flags[0]), byte_of(flags[1]), byte_of(flags[2])})));
    const auto run =
        read_frame<std::vector<Switch>>(std::vector<std::byte>(2 * sizeof(Switch), std::byte{9}));
    EXPECT_EQ(byte_of(run.at(1).on), 1);
    EXPECT_EQ(run.at(1).id, 0x09090909);
}

}  // namespace
