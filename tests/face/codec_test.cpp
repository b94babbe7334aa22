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
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <pthread.h>

#include <gtest/gtest.h>

#include <procpool/detail/codec.hpp>
#include <procpool/errors.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::all_are;
using namespace mp::detail;
using namespace std::chrono_literals;

namespace {

// What travels: the types of this test's own ------------------------------------------------------

enum class Colour : std::uint8_t { red, green };

struct Point {
    double x = 0, y = 0;
    bool operator==(const Point&) const = default;
};

struct Sample {
    int id = 0;
    std::string name;
    Point where[2];
    double weights[2][3] = {};
    std::string notes[2];
    std::array<std::string, 2> tags;
    std::optional<Point> aim;
    std::map<std::string, std::vector<Point>> tracks;
    bool operator==(const Sample&) const = default;
};

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

class Account {
public:
    Account() = default;
    Account(std::string owner, int cents) : owner_(std::move(owner)), cents_(cents) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(owner_, cents_);
        archive & limits_;
        if constexpr (Archive::is_loading::value) {
            ++loads;
        }
    }
    bool operator==(const Account& other) const {
        return owner_ == other.owner_ && cents_ == other.cents_;
    }
    int loads = 0;

private:
    std::string owner_;
    int cents_ = 0;
    double limits_[2] = {};
};

struct Silent {
    template <class Archive>
    void serialize(Archive&) {}
    ~Silent() {}
    bool operator==(const Silent&) const { return true; }
};

struct Tree {
    int value = 0;
    std::vector<Tree> children;
    std::unique_ptr<Tree> next;
    bool operator==(const Tree& other) const {
        return value == other.value && children == other.children &&
               (next == nullptr) == (other.next == nullptr) && (!next || *next == *other.next);
    }
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

// Giving back -------------------------------------------------------------------------------------

template <class T>
std::vector<std::byte> encode(const T& value) {
    std::vector<std::byte> bytes(frame_size(value));
    EXPECT_EQ(write_frame(bytes.data(), value), bytes.data() + bytes.size());
    return bytes;
}

template <class T>
void expect_round_trip(const T& value) {
    const auto bytes = encode(value);
    EXPECT_TRUE(read_frame<T>(bytes) == value);
    if constexpr (FixedSize<T>) {
        EXPECT_EQ(bytes.size(), Codec<T>::fixed_size);
    }
}

Sample sample() {
    return {1,          "one",     {{1, 2}, {3, 4}}, {{1, 2, 3}, {4, 5, 6}},
            {"a", "b"}, {"c", ""}, Point{5, 6},      {{"x", {{1, 1}}}, {"y", {}}}};
}

using Nested = std::tuple<int, std::vector<std::string>, std::optional<std::string>,
                          std::pair<char, std::vector<double>>>;

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
    expect_round_trip(std::vector<Account>{{"a", 1}, {"b", 2}});
    EXPECT_EQ(read_frame<Account>(encode(Account("a", 1))).loads, 1);
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

// Refusing ----------------------------------------------------------------------------------------

template <class T>
void read_and_drop(std::span<const std::byte> bytes) {
    static_cast<void>(read_frame<T>(bytes));
}

/// Every prefix of a value's bytes, and every longer run, is refused.
template <class T>
void expect_refusal_of_other_lengths(const T& value) {
    auto bytes = encode(value);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(read_and_drop<T>(std::span(bytes).first(size)), mp::DecodeError);
    }
    bytes.push_back(std::byte{0});
    EXPECT_THROW(read_and_drop<T>(bytes), mp::DecodeError);
}

/// With any one byte changed the value is another or refused, and nothing else happens.
template <class T>
void expect_sense_or_refusal(const T& value) {
    const auto bytes = encode(value);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const unsigned change : {0x01u, 0x80u, 0xffu}) {
            auto changed = bytes;
            changed[i] ^= static_cast<std::byte>(change);
            try {
                read_and_drop<T>(changed);
            } catch (const mp::DecodeError&) {
                // refused
            }
        }
    }
}

TEST(Codec, RefusesFramesOfTheWrongLength) {
    expect_refusal_of_other_lengths(42);
    expect_refusal_of_other_lengths(std::pair{1, std::string("abc")});
    expect_refusal_of_other_lengths(std::vector<std::string>{"a", "bc"});
    expect_refusal_of_other_lengths(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
    expect_refusal_of_other_lengths(sample());
    expect_refusal_of_other_lengths(std::vector<Account>{{"a", 1}});
    expect_refusal_of_other_lengths(std::variant<int, std::string>("abc"));
    expect_refusal_of_other_lengths(std::optional<double>());
    expect_refusal_of_other_lengths(std::make_error_code(std::errc::io_error));
    expect_refusal_of_other_lengths(std::make_unique<std::string>("abc"));
    expect_refusal_of_other_lengths(std::forward_list<std::string>{"a", "b"});
}

TEST(Codec, MakesSenseOfChangedBytesOrRefusesThem) {
    expect_sense_or_refusal(sample());
    expect_sense_or_refusal(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
    expect_sense_or_refusal(std::map<std::string, std::set<int>>{{"a", {1, 2}}, {"b", {}}});
    expect_sense_or_refusal(
        std::list<std::variant<int, std::unique_ptr<Account>>>(3));  // NOLINT: moves only
    expect_sense_or_refusal(std::unordered_map<int, std::forward_list<char>>{{1, {'a'}}});
    expect_sense_or_refusal(std::vector<std::error_code>(2));
}

TEST(Codec, RefusesPartsOfElements) {
    const std::vector<std::byte> bytes(7);
    EXPECT_THROW(read_and_drop<std::vector<int>>(bytes), mp::DecodeError);
}

TEST(Codec, RefusesChoicesThatAreNone) {
    auto bytes = encode(std::variant<int, std::string>(1));
    bytes[0] = std::byte{2};
    EXPECT_THROW((read_and_drop<std::variant<int, std::string>>(bytes)), mp::DecodeError);
    bytes = encode(std::optional<int>(1));
    bytes[0] = std::byte{2};
    EXPECT_THROW(read_and_drop<std::optional<int>>(bytes), mp::DecodeError);
}

/// Notes the largest allocation.
std::size_t largest_allocation = 0;
template <class T>
struct Noting : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = Noting<U>;
    };
    Noting() = default;
    template <class U>
    explicit Noting(const Noting<U>&) {}
    T* allocate(std::size_t n) {
        largest_allocation = std::max(largest_allocation, n * sizeof(T));
        return std::allocator<T>::allocate(n);
    }
};

template <class T>
void expect_refusal_of_length(const T& value, std::uint64_t claimed) {
    auto bytes = encode(value);
    bytes.resize(bytes.size() + 1000);
    std::memcpy(bytes.data(), &claimed, sizeof claimed);
    largest_allocation = 0;
    EXPECT_THROW(read_and_drop<T>(bytes), mp::DecodeError);
    EXPECT_LE(largest_allocation, 16 * bytes.size());
}

TEST(Codec, AllocatesWhatIsThereAndNotWhatALengthClaims) {
    struct Large {
        std::string text;
        char block[5000];
    };
    for (const std::uint64_t claimed :
         {std::uint64_t{1} << 60, ~std::uint64_t{0}, std::uint64_t{900}}) {
        expect_refusal_of_length(std::vector<std::string, Noting<std::string>>{"a"}, claimed);
        expect_refusal_of_length(std::deque<std::string>{"a"}, claimed);
        expect_refusal_of_length(std::map<int, std::string>{{1, "a"}}, claimed);
        expect_refusal_of_length(std::tuple{std::vector<int>{1}}, claimed);
        expect_refusal_of_length(std::vector<Large, Noting<Large>>(0), claimed);
    }
}

/// So many of them, each in the one before.
Tree chain(std::size_t depth) {
    Tree tree;
    for (std::size_t i = 1; i < depth; ++i) {
        Tree outer;
        outer.next = std::make_unique<Tree>(std::move(tree));
        tree = std::move(outer);
    }
    return tree;
}

/// The bytes of a value of which each level is `level`, and in which lie `depth` of them.
std::vector<std::byte> nested_bytes(const std::vector<std::byte>& level, std::size_t depth) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < depth; ++i) {
        bytes.insert(bytes.end(), level.begin(), level.end());
    }
    bytes.resize(bytes.size() + level.size());  // the last has none in it
    return bytes;
}

/// Calls `f` on a thread with so many bytes of stack.
void on_stack_of(std::size_t size, const std::function<void()>& f) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size);
    pthread_t thread{};
    const auto run = [](void* function) -> void* {
        (*static_cast<const std::function<void()>*>(function))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&f)), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

TEST(Codec, RefusesToReadWhatIsNestedTooDeep) {
    EXPECT_NO_THROW(read_and_drop<Tree>(encode(chain(max_depth))));
    // value, no children, a next one
    std::vector<std::byte> level(sizeof(int) + sizeof(std::uint64_t) + 1);
    level.back() = std::byte{1};
    EXPECT_THROW(read_and_drop<Tree>(nested_bytes(level, max_depth + 1)), mp::DecodeError);
}

TEST(Codec, RefusesToWriteWhatIsNestedTooDeep) {
    EXPECT_THROW(encode(chain(max_depth + 2)), mp::NotShippable);
}

struct Block {
    std::array<char, 16384> pixels{};
    std::vector<Block> inside;
};

TEST(Codec, RefusesToReadWhatItsStackDoesNotBear) {
    std::vector<std::byte> level(sizeof(Block::pixels) + sizeof(std::uint64_t));
    level[sizeof(Block::pixels)] = std::byte{1};
    const auto bytes = nested_bytes(level, max_depth - 1);
    on_stack_of(4 << 20U, [&] { EXPECT_THROW(read_and_drop<Block>(bytes), mp::DecodeError); });
}

TEST(Codec, ReadsOnASmallStackWhatIsNotDeep) {
    on_stack_of(1 << 17U, [] { EXPECT_NO_THROW(read_and_drop<Tree>(encode(chain(20)))); });
}

/// A list that its serialize() follows.
struct Link {
    char value = 0;
    std::unique_ptr<Link> next;
    template <class Archive>
    void serialize(Archive& archive) {
        bool more = next != nullptr;
        archive(value, more);
        if (!more) {
            return;
        }
        if constexpr (Archive::is_loading::value) {
            next = std::make_unique<Link>();
        }
        archive(*next);
    }
};

TEST(Codec, RefusesToReadClassesThatSerializeThemselvesTooDeep) {
    const std::vector<std::byte> level{std::byte{0}, std::byte{0}, std::byte{1}};
    EXPECT_NO_THROW(read_and_drop<Link>(nested_bytes(level, max_depth - 1)));
    EXPECT_THROW(read_and_drop<Link>(nested_bytes(level, max_depth)), mp::DecodeError);
}

TEST(Codec, RefusesToWriteClassesThatSerializeThemselvesTooDeep) {
    Link first;
    for (std::size_t i = 0; i < max_depth; ++i) {
        auto next = std::make_unique<Link>(std::move(first));
        first = Link{};
        first.next = std::move(next);
    }
    EXPECT_THROW(encode(first), mp::NotShippable);
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

// Knowing -----------------------------------------------------------------------------------------

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

TEST(Codec, KnowsWhatDoesNotTravel) {
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
