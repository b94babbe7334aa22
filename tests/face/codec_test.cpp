#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <procpool/detail/codec.hpp>
#include <procpool/errors.hpp>

namespace mp = procpool;
using namespace mp::detail;

namespace {

template <class T>
std::vector<std::byte> encode(const T& value) {
    std::vector<std::byte> bytes(frame_size(value));
    EXPECT_EQ(write_frame(bytes.data(), value), bytes.data() + bytes.size());
    return bytes;
}

template <class T>
void expect_round_trip(const T& value) {
    const auto bytes = encode(value);
    EXPECT_EQ(read_frame<T>(bytes), value);
    if constexpr (FixedSize<T>) {
        EXPECT_EQ(bytes.size(), Codec<T>::fixed_size);
    }
}

/// Every prefix of a value's bytes, and every longer run, is refused.
template <class T>
void expect_refusal_of_other_lengths(const T& value) {
    auto bytes = encode(value);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW(static_cast<void>(read_frame<T>(std::span(bytes).first(size))),
                     mp::DecodeError);
    bytes.push_back(std::byte{0});
    EXPECT_THROW(static_cast<void>(read_frame<T>(bytes)), mp::DecodeError);
}

using Nested = std::tuple<int, std::vector<std::string>, std::optional<std::string>,
                          std::pair<char, std::vector<double>>>;

TEST(Codec, GivesBackWhatItTook) {
    expect_round_trip(42);
    expect_round_trip(std::string("abc"));
    expect_round_trip(std::string());
    expect_round_trip(std::vector<double>{1, 2});
    expect_round_trip(std::vector<bool>{true, false, true});
    expect_round_trip(std::pair{1, 2.5});
    expect_round_trip(std::optional<std::string>());
    expect_round_trip(std::optional<std::string>("x"));
    expect_round_trip(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
    expect_round_trip(std::tuple<std::tuple<std::string>>{{"x"}});
}

TEST(Codec, RefusesFramesOfTheWrongLength) {
    expect_refusal_of_other_lengths(42);
    expect_refusal_of_other_lengths(std::pair{1, std::string("abc")});
    expect_refusal_of_other_lengths(std::vector<std::string>{"a", "bc"});
    expect_refusal_of_other_lengths(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
}

TEST(Codec, RefusesPartsOfElements) {
    const std::vector<std::byte> bytes(7);
    EXPECT_THROW(static_cast<void>(read_frame<std::vector<int>>(bytes)), mp::DecodeError);
}

TEST(Codec, DoesNotReserveWhatALengthClaims) {
    auto bytes = encode(std::vector<std::string>{"a"});
    const std::uint64_t claimed = std::uint64_t{1} << 60;
    std::memcpy(bytes.data(), &claimed, sizeof claimed);
    EXPECT_THROW(static_cast<void>(read_frame<std::vector<std::string>>(bytes)), mp::DecodeError);
    auto nested = encode(std::tuple{std::vector<int>{1}});
    std::memcpy(nested.data(), &claimed, sizeof claimed);
    EXPECT_THROW(static_cast<void>(read_frame<std::tuple<std::vector<int>>>(nested)),
                 mp::DecodeError);
}

TEST(Codec, ReadsEveryByteAsABool) {
    const std::vector<std::byte> bytes{std::byte{2}};
    EXPECT_TRUE(read_frame<bool>(bytes));
}

}  // namespace
