#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace procpool::detail {

/// Throws DecodeError: `wanted` bytes were to be read and `left` were there.
[[noreturn]] void throw_short_frame(std::size_t wanted, std::size_t left);
/// Throws DecodeError: `left` bytes of a frame were not understood.
[[noreturn]] void throw_long_frame(std::size_t left);

// What can travel -------------------------------------------------------------------------------

/// Types that only refer to something in this process: not values that another process could use.
template <class T>
inline constexpr bool only_refers = std::is_pointer_v<T> || std::is_null_pointer_v<T>;
template <class Char, class Traits>
inline constexpr bool only_refers<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t Extent>
inline constexpr bool only_refers<std::span<T, Extent>> = true;
template <class T>
requires requires(const T& t) {
    typename T::type;
    { t.get() } -> std::same_as<typename T::type&>;
    requires std::is_convertible_v<const T&, typename T::type&>;
}  // std::reference_wrapper, without the header that has it
inline constexpr bool only_refers<T> = true;

template <class T>
inline constexpr bool holds_reference = only_refers<T> || std::is_reference_v<T>;
template <class T>
inline constexpr bool holds_reference<const T> = holds_reference<T>;
template <class T, std::size_t N>
inline constexpr bool holds_reference<T[N]> = holds_reference<T>;
template <class T, std::size_t N>
inline constexpr bool holds_reference<std::array<T, N>> = holds_reference<T>;
template <class T>
inline constexpr bool holds_reference<std::optional<T>> = holds_reference<T>;
template <class T, class A>
inline constexpr bool holds_reference<std::vector<T, A>> = holds_reference<T>;
template <class T, class U>
inline constexpr bool holds_reference<std::pair<T, U>> = holds_reference<T> || holds_reference<U>;
template <class... T>
inline constexpr bool holds_reference<std::tuple<T...>> = (holds_reference<T> || ...);

/// Values whose bytes are the value.
template <class T>
concept Trivial = std::is_trivially_copyable_v<T> && std::is_object_v<T> && !std::is_const_v<T> &&
                  !std::is_array_v<T> && !holds_reference<T>;

/// How a T is written as bytes and read again; no specialisation: it cannot travel.
///
///     static constexpr std::size_t fixed_size;             // bytes of every value; 0: it varies
///     static std::size_t size(const T&);                   // bytes of this value
///     static std::byte* write(std::byte* to, const T&);    // returns the end
///     static T read(Reader&);                              // throws DecodeError, std::bad_alloc
///
/// and where the value is one run of bytes, which a frame of its own needs no length for:
///
///     static std::span<const std::byte> bytes(const T&);
///     static void assign(T&, std::span<const std::byte>);  // reuses the memory that T has
template <class T>
struct Codec;

template <class T>
concept Encodable = requires {
    Codec<T>::fixed_size;
};
template <class T>
concept FixedSize = Encodable<T> &&(Codec<T>::fixed_size > 0);
template <class T>
concept OneRun = Encodable<T> && requires(const T& value) {
    Codec<T>::bytes(value);
};

/// Explains itself when T cannot be an item, an argument or a result.
template <class T>
constexpr void require_shippable() {
    static_assert(!holds_reference<T>,
                  "procpool: a raw pointer, string_view, span or reference_wrapper means nothing "
                  "in another process: as item, argument or result use the value it refers to "
                  "(std::string, std::vector), or fork_map, whose items need not travel");
    if constexpr (!holds_reference<T>) {
        static_assert(Encodable<T>,
                      "procpool: a value of this type cannot travel to another process: use "
                      "trivially copyable types, std::string, or std::vector, optional, pair and "
                      "tuple of such, or fork_map, whose items need not travel");
    }
}

// Reading ---------------------------------------------------------------------------------------

/// Bytes yet to be read. Reading past the end throws DecodeError.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : at_(bytes.data()), left_(bytes.size()) {}

    const std::byte* take(std::size_t size) {
        if (size > left_) [[unlikely]]
            throw_short_frame(size, left_);
        const std::byte* taken = at_;
        at_ += size;
        left_ -= size;
        return taken;
    }

    std::uint64_t take_length() {
        std::uint64_t length = 0;
        std::memcpy(&length, take(sizeof length), sizeof length);
        return length;
    }

    /// A run whose length comes first.
    std::span<const std::byte> take_run() {
        const std::uint64_t length = take_length();
        return {take(length), length};
    }

    [[nodiscard]] std::size_t left() const { return left_; }

private:
    const std::byte* at_;
    std::size_t left_;
};

/// The object whose bytes lie at `from`, which need not be aligned.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T load_bytes(const std::byte* from) {
    constexpr std::size_t size =
        sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
    struct Image {
        std::byte bytes[size];
    };
    if constexpr (std::is_trivially_default_constructible_v<T>) {
        T value;  // NOLINT(cppcoreguidelines-pro-type-member-init): all of it is written next
        std::memcpy(static_cast<void*>(std::addressof(value)), from, size);
        return value;
    } else {
        Image image{};
        std::memcpy(image.bytes, from, size);
        return std::bit_cast<T>(image);
    }
}

template <Trivial T>
[[nodiscard]] T load(const std::byte* from) {
    if constexpr (std::is_same_v<T, bool>) {
        return *from != std::byte{0};  // a byte that a worker wrote may be neither 0 nor 1
    } else {
        return load_bytes<T>(from);
    }
}

inline std::byte* write_length(std::byte* to, std::uint64_t length) {
    std::memcpy(to, &length, sizeof length);
    return to + sizeof length;
}

inline std::byte* write_bytes(std::byte* to, std::span<const std::byte> bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

// The codecs ------------------------------------------------------------------------------------

template <Trivial T>
struct Codec<T> {
    static constexpr std::size_t fixed_size = sizeof(T);
    static std::size_t size(const T&) { return sizeof(T); }
    static std::byte* write(std::byte* to, const T& value) {
        std::memcpy(to, static_cast<const void*>(std::addressof(value)), sizeof(T));
        return to + sizeof(T);
    }
    static T read(Reader& from) { return load<T>(from.take(sizeof(T))); }
};

/// Contiguous containers of trivial elements: std::string and std::vector.
template <class Container>
struct RunCodec {
    using Element = typename Container::value_type;

    static constexpr std::size_t fixed_size = 0;
    static std::span<const std::byte> bytes(const Container& value) {
        return std::as_bytes(std::span{value.data(), value.size()});
    }
    static void assign(Container& value, std::span<const std::byte> bytes) {
        if (bytes.size() % sizeof(Element) != 0) throw_long_frame(bytes.size() % sizeof(Element));
        const std::size_t count = bytes.size() / sizeof(Element);
        // Where it is aligned it is copied at once; resize() would fill it with zeros first.
        if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Element) == 0) {
            const auto* first = reinterpret_cast<const Element*>(bytes.data());
            value.assign(first, first + count);
        } else {
            value.clear();
            value.reserve(count);
            for (std::size_t i = 0; i < count; ++i)
                value.push_back(load<Element>(bytes.data() + i * sizeof(Element)));
        }
    }

    static std::size_t size(const Container& value) {
        return sizeof(std::uint64_t) + value.size() * sizeof(Element);
    }
    static std::byte* write(std::byte* to, const Container& value) {
        const auto run = bytes(value);
        return write_bytes(write_length(to, run.size()), run);
    }
    static Container read(Reader& from) {
        Container value;
        assign(value, from.take_run());
        return value;
    }
};

template <Trivial Char, class Traits, class Allocator>
struct Codec<std::basic_string<Char, Traits, Allocator>>
    : RunCodec<std::basic_string<Char, Traits, Allocator>> {};

template <Trivial T, class Allocator>
requires(!std::is_same_v<T, bool>) struct Codec<std::vector<T, Allocator>>
    : RunCodec<std::vector<T, Allocator>> {
};

/// std::vector of what has no fixed run of bytes: bool, strings, vectors.
template <class T, class Allocator>
requires(Encodable<T> &&
         (!Trivial<T> || std::is_same_v<T, bool>)) struct Codec<std::vector<T, Allocator>> {
    using Vector = std::vector<T, Allocator>;

    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const Vector& value) {
        std::size_t total = sizeof(std::uint64_t);
        for (const auto& element : value) total += Codec<T>::size(element);
        return total;
    }
    static std::byte* write(std::byte* to, const Vector& value) {
        to = write_length(to, value.size());
        for (const auto& element : value) to = Codec<T>::write(to, element);
        return to;
    }
    static Vector read(Reader& from) {
        const std::uint64_t count = from.take_length();
        // No element is smaller than a byte: a count that lies cannot make us reserve much.
        if (count > from.left()) throw_short_frame(count, from.left());
        Vector value;
        value.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) value.push_back(Codec<T>::read(from));
        return value;
    }
};

template <Encodable T>
requires(!Trivial<std::optional<T>>) struct Codec<std::optional<T>> {
    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const std::optional<T>& value) {
        return 1 + (value ? Codec<T>::size(*value) : 0);
    }
    static std::byte* write(std::byte* to, const std::optional<T>& value) {
        *to++ = std::byte{value.has_value()};
        return value ? Codec<T>::write(to, *value) : to;
    }
    static std::optional<T> read(Reader& from) {
        if (*from.take(1) == std::byte{0}) return std::nullopt;
        return Codec<T>::read(from);
    }
};

/// Elements one after the other, for std::tuple and std::pair.
template <class Product, class... T>
struct ProductCodec {
    static constexpr std::size_t fixed_size =
        ((Codec<T>::fixed_size > 0) && ...) ? (Codec<T>::fixed_size + ...) : 0;
    static std::size_t size(const Product& value) {
        return std::apply([](const T&... each) { return (Codec<T>::size(each) + ...); }, value);
    }
    static std::byte* write(std::byte* to, const Product& value) {
        std::apply([&to](const T&... each) { ((to = Codec<T>::write(to, each)), ...); }, value);
        return to;
    }
    static Product read(Reader& from) { return Product{Codec<T>::read(from)...}; }
};

template <Encodable... T>
requires(sizeof...(T) > 0 && !Trivial<std::tuple<T...>>) struct Codec<std::tuple<T...>>
    : ProductCodec<std::tuple<T...>, T...> {
};

/// The first of a std::map's entries is const.
template <class T, Encodable U>
requires(Encodable<std::remove_const_t<T>> &&
         !Trivial<std::pair<T, U>>) struct Codec<std::pair<T, U>>
    : ProductCodec<std::pair<T, U>, std::remove_const_t<T>, U> {
};

// Frames: one value that has its bytes for itself -----------------------------------------------

template <Encodable T>
[[nodiscard]] std::size_t frame_size(const T& value) {
    if constexpr (OneRun<T>) {
        return Codec<T>::bytes(value).size();
    } else {
        return Codec<T>::size(value);
    }
}

template <Encodable T>
std::byte* write_frame(std::byte* to, const T& value) {
    if constexpr (OneRun<T>) {
        return write_bytes(to, Codec<T>::bytes(value));
    } else {
        return Codec<T>::write(to, value);
    }
}

template <Encodable T>
[[nodiscard]] T read_frame(std::span<const std::byte> frame) {
    if constexpr (OneRun<T>) {
        T value;
        Codec<T>::assign(value, frame);
        return value;
    } else {
        Reader from{frame};
        T value = Codec<T>::read(from);
        if (from.left() != 0) throw_long_frame(from.left());
        return value;
    }
}

}  // namespace procpool::detail
