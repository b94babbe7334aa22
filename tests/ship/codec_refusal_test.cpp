// Bytes that are no value are refused, and so are values that are nested too deep.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <functional>
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
#include <utility>
#include <variant>
#include <vector>

#include <pthread.h>

#include <gtest/gtest.h>

#include <procpool/detail/codec.hpp>
#include <procpool/errors.hpp>

#include "ship/travellers.hpp"

namespace mp = procpool;
using namespace ship_test;

namespace {

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

TEST(CodecRefusal, RefusesFramesOfTheWrongLength) {
    expect_refusal_of_other_lengths(42);
    expect_refusal_of_other_lengths(std::pair{1, std::string("abc")});
    expect_refusal_of_other_lengths(std::vector<std::string>{"a", "bc"});
    expect_refusal_of_other_lengths(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
    expect_refusal_of_other_lengths(sample());
    expect_refusal_of_other_lengths(std::vector<Ledger>{{"a", 1}});
    expect_refusal_of_other_lengths(std::variant<int, std::string>("abc"));
    expect_refusal_of_other_lengths(std::optional<double>());
    expect_refusal_of_other_lengths(std::make_error_code(std::errc::io_error));
    expect_refusal_of_other_lengths(std::make_unique<std::string>("abc"));
    expect_refusal_of_other_lengths(std::forward_list<std::string>{"a", "b"});
}

TEST(CodecRefusal, MakesSenseOfChangedBytesOrRefusesThem) {
    expect_sense_or_refusal(sample());
    expect_sense_or_refusal(Nested{1, {"a", ""}, "b", {'c', {1, 2}}});
    expect_sense_or_refusal(std::map<std::string, std::set<int>>{{"a", {1, 2}}, {"b", {}}});
    expect_sense_or_refusal(
        std::list<std::variant<int, std::unique_ptr<Ledger>>>(3));  // NOLINT: moves only
    expect_sense_or_refusal(std::unordered_map<int, std::forward_list<char>>{{1, {'a'}}});
    expect_sense_or_refusal(std::vector<std::error_code>(2));
}

TEST(CodecRefusal, RefusesPartsOfElements) {
    const std::vector<std::byte> bytes(7);
    EXPECT_THROW(read_and_drop<std::vector<int>>(bytes), mp::DecodeError);
}

TEST(CodecRefusal, RefusesChoicesThatAreNone) {
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

TEST(CodecRefusal, AllocatesWhatIsThereAndNotWhatALengthClaims) {
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

TEST(CodecRefusal, RefusesToReadWhatIsNestedTooDeep) {
    EXPECT_NO_THROW(read_and_drop<Tree>(encode(chain(max_depth))));
    // value, no children, a next one
    std::vector<std::byte> level(sizeof(int) + sizeof(std::uint64_t) + 1);
    level.back() = std::byte{1};
    EXPECT_THROW(read_and_drop<Tree>(nested_bytes(level, max_depth + 1)), mp::DecodeError);
}

TEST(CodecRefusal, RefusesToWriteWhatIsNestedTooDeep) {
    EXPECT_THROW(encode(chain(max_depth + 2)), mp::NotShippable);
}

struct Block {
    std::array<char, 16384> pixels{};
    std::vector<Block> inside;
};

TEST(CodecRefusal, RefusesToReadWhatItsStackDoesNotBear) {
    std::vector<std::byte> level(sizeof(Block::pixels) + sizeof(std::uint64_t));
    level[sizeof(Block::pixels)] = std::byte{1};
    const auto bytes = nested_bytes(level, max_depth - 1);
    on_stack_of(4 << 20U, [&] { EXPECT_THROW(read_and_drop<Block>(bytes), mp::DecodeError); });
}

TEST(CodecRefusal, ReadsOnASmallStackWhatIsNotDeep) {
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

TEST(CodecRefusal, RefusesToReadClassesThatSerializeThemselvesTooDeep) {
    const std::vector<std::byte> level{std::byte{0}, std::byte{0}, std::byte{1}};
    EXPECT_NO_THROW(read_and_drop<Link>(nested_bytes(level, max_depth - 1)));
    EXPECT_THROW(read_and_drop<Link>(nested_bytes(level, max_depth)), mp::DecodeError);
}

TEST(CodecRefusal, RefusesToWriteClassesThatSerializeThemselvesTooDeep) {
    Link first;
    for (std::size_t i = 0; i < max_depth; ++i) {
        auto next = std::make_unique<Link>(std::move(first));
        first = Link{};
        first.next = std::move(next);
    }
    EXPECT_THROW(encode(first), mp::NotShippable);
}

}  // namespace
