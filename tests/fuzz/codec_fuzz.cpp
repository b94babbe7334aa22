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

template <class T>
std::vector<std::byte> encode(const T& value) {
    std::vector<std::byte> bytes(detail::frame_size(value));
    require(detail::write_frame(bytes.data(), value) == bytes.data() + bytes.size());
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
        const auto written = encode(detail::read_frame<T>(bytes));
        const auto again = encode(detail::read_frame<T>(written));
        require(again.size() == written.size());
        if constexpr (is_ordered<T>) require(again == written);
    } catch (const DecodeError&) {
        // that is an answer
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
           std::vector<Record>, Account, std::vector<Account>, std::vector<Silent>, Tree>(choice,
                                                                                          bytes);
}

}  // namespace procpool::fuzz
