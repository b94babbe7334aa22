// fuzz: longest input 65536
#include <array>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/errors.hpp>

#include "fuzz.hpp"

// The readers of every kind of value. The first byte says which. A value that is read can be
// written and read again, and is the same.

namespace procpool::fuzz {
namespace {

struct Point {
    double x = 0, y = 0;
};
struct Record {
    int id = 0;
    std::string name;
    Point where[2];
    std::string notes[2];
    std::optional<Point> aim;
    std::vector<bool> flags;
};
class Account {
public:
    template <class Archive>
    void serialize(Archive& archive) {
        archive(owner_, history_, limits_);
    }

private:
    std::string owner_;
    std::list<int> history_;
    double limits_[2] = {};
};
struct Silent {
    template <class Archive>
    void serialize(Archive&) {}
};
struct Tree {
    int value = 0;
    std::vector<Tree> children;
    std::unique_ptr<Tree> next;
    std::map<int, Tree> named;
};

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
/// As deep as its stack bears, which is less than the number of levels allows.
struct Block {
    std::array<char, 512> pixels{};
    std::vector<Block> inside;
};
struct Switch {
    int id = 0;
    bool on = false;
    std::array<bool, 2> more{};
    bool last[5] = {};  // no padding, whose bytes may differ from copy to copy
};
struct Packed {
    unsigned low : 3;
    bool on : 1;
    std::string why;
};

/// UndefinedBehaviorSanitizer ends the run when a bool is read that is none.
int count(const Switch& value) {
    return int{value.on} + int{value.more[0]} + int{value.more[1]} + int{value.last[0]} +
           int{value.last[1]};
}
void look_at(const Switch& value) { require(count(value) <= 5); }
void look_at(const std::vector<Switch>& values) {
    for (const Switch& value : values) {
        look_at(value);
    }
}
template <class T>
void look_at(const T&) {}

template <class T>
std::vector<std::byte> encode(const T& value) {
    std::vector<std::byte> bytes(detail::frame_size(value));
    detail::Writer to(bytes, typeid(T));
    detail::write_frame(to, value);
    to.finish();
    return bytes;
}

/// Sets without an order may come in another.
template <class T>
inline constexpr bool is_ordered = true;
template <class K, class V>
inline constexpr bool is_ordered<std::unordered_map<K, V>> = false;

template <class T>
void check(Bytes bytes) {
    try {
        const T value = detail::read_frame<T>(bytes);
        look_at(value);
        const auto written = encode(value);
        const auto again = encode(detail::read_frame<T>(written));
        require(again.size() == written.size());
        if constexpr (is_ordered<T>) {
            require(again == written);
        }
    } catch (const DecodeError&) {
        // that is an answer
    } catch (const NotShippable&) {
        // what was read with the last of the stack may be too deep to write
    }
}

template <class... T>
void choose(std::size_t choice, Bytes bytes) {
    constexpr std::array<void (*)(Bytes), sizeof...(T)> checks{&check<T>...};
    checks[choice % checks.size()](bytes);
}

}  // namespace

void decode(Bytes bytes) {
    const std::uint8_t choice = take_byte(bytes);
    choose<int, bool, std::string, std::u32string, std::vector<double>, std::vector<bool>,
           std::vector<std::string>, std::deque<std::vector<short>>, std::list<std::string>,
           std::forward_list<std::optional<int>>, std::map<std::string, std::set<int>>,
           std::unordered_map<int, std::string>, std::array<std::string, 3>,
           std::optional<std::string>, std::optional<std::optional<char>>,
           std::variant<std::monostate, int, std::string, std::vector<Point>>,
           std::tuple<char, std::string, std::pair<double, std::vector<int>>>,
           std::unique_ptr<std::unique_ptr<int>>, std::chrono::nanoseconds, std::complex<float>,
           std::filesystem::path, std::error_code, std::vector<std::error_code>, Point, Record,
           std::vector<Record>, Account, std::vector<Account>, std::vector<Silent>, Tree, Link,
           Block, Switch, std::vector<Switch>, std::optional<Switch>, std::vector<Packed>>(choice,
                                                                                           bytes);
}

}  // namespace procpool::fuzz
