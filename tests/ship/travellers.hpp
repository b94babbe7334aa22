#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/detail/codec.hpp>

/// Values that the tests of the codec write and read, and their bytes.
namespace ship_test {

using namespace procpool::detail;

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

inline Sample sample() {
    return {1,          "one",     {{1, 2}, {3, 4}}, {{1, 2, 3}, {4, 5, 6}},
            {"a", "b"}, {"c", ""}, Point{5, 6},      {{"x", {{1, 1}}}, {"y", {}}}};
}

class Ledger {
public:
    Ledger() = default;
    Ledger(std::string owner, int cents) : owner_(std::move(owner)), cents_(cents) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(owner_, cents_);
        archive & limits_;
        if constexpr (Archive::is_loading::value) {
            ++loads;
        }
    }
    bool operator==(const Ledger& other) const {
        return owner_ == other.owner_ && cents_ == other.cents_;
    }
    int loads = 0;

private:
    std::string owner_;
    int cents_ = 0;
    double limits_[2] = {};
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

using Nested = std::tuple<int, std::vector<std::string>, std::optional<std::string>,
                          std::pair<char, std::vector<double>>>;

template <class T>
std::vector<std::byte> encode(const T& value) {
    std::vector<std::byte> bytes(frame_size(value));
    Writer to(bytes, typeid(T));
    write_frame(to, value);
    to.finish();
    return bytes;
}

template <class T>
void read_and_drop(std::span<const std::byte> bytes) {
    static_cast<void>(read_frame<T>(bytes));
}

}  // namespace ship_test
