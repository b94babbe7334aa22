#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <procpool/detail/codec/base.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Bytes of all of these, 0 if one of them varies.
template <class... T>
inline constexpr std::size_t fixed_sum = ((Codec<std::remove_const_t<T>>::fixed_size > 0) && ...)
                                             ? (Codec<std::remove_const_t<T>>::fixed_size + ...)
                                             : 0;

/// The elements of a std::tuple or std::pair, one after the other. The key of a map's entry is
/// const.
template <class Product, class... T>
struct ProductCodec {
    static constexpr std::size_t fixed_size = fixed_sum<T...>;
    static std::size_t size(const Product& value) {
        return std::apply(
            [](const T&... each) { return (Codec<std::remove_const_t<T>>::size(each) + ...); },
            value);
    }
    static void write(Writer& to, const Product& value) {
        std::apply([&to](const T&... each) { (detail::write_value(to, each), ...); }, value);
    }
    static Product read(Reader& from) {
        return Product{Codec<std::remove_const_t<T>>::read(from)...};  // in this order
    }
};

template <class... T>
struct CodecOf<std::tuple<T...>, Kind::product> : ProductCodec<std::tuple<T...>, T...> {};
template <class T, class U>
struct CodecOf<std::pair<T, U>, Kind::product> : ProductCodec<std::pair<T, U>, T, U> {};

/// The members of an aggregate.
template <class T, class... Field>
struct AggregateCodec {
    static constexpr std::size_t fixed_size = fixed_sum<Field...>;
    static std::size_t size(const T& value) {
        return with_fields(value,
                           [](const Field&... each) { return (Codec<Field>::size(each) + ...); });
    }
    static void write(Writer& to, const T& value) {
        with_fields(value, [&to](const Field&... each) { (detail::write_value(to, each), ...); });
    }
    static T read(Reader& from) {
        if constexpr ((std::is_array_v<Field> || ...)) {
            T value{};
            with_fields(value, [&from](auto&... each) { (detail::read_into(from, each), ...); });
            return value;
        } else {
// A bit-field is given what came out of one.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
            return T{Codec<Field>::read(from)...};  // in this order
#pragma GCC diagnostic pop
        }
    }
};

template <class T, class... Field>
AggregateCodec<T, Field...> aggregate_codec(Types<Field...>);
template <class T>
struct CodecOf<T, Kind::aggregate>
    : decltype(aggregate_codec<T>(std::declval<typename PartsOf<T>::Parts>())) {};

template <class T>
inline constexpr std::size_t array_count = std::extent_v<T>;
template <class T, std::size_t N>
inline constexpr std::size_t array_count<std::array<T, N>> = N;

/// Elements of a std::array or a C array. One without elements has a byte all the same.
template <class T>
struct CodecOf<T, Kind::array> {
    using Element = std::remove_cvref_t<decltype(std::declval<T&>()[0])>;
    static constexpr std::size_t count = array_count<T>;
    static constexpr std::size_t fixed_size = count == 0 ? 1 : count * Codec<Element>::fixed_size;

    static std::size_t size(const T& value) {
        std::size_t total = count == 0 ? 1 : 0;
        for (const auto& element : value) {
            total += Codec<Element>::size(element);
        }
        return total;
    }
    static void write(Writer& to, const T& value) {
        if (count == 0) {
            to.put_choice(0);
        }
        for (const auto& element : value) {
            detail::write_value<Element>(to, element);
        }
    }
    static auto read(Reader& from)
    requires(!std::is_array_v<T>)
    {
        if (count == 0) {
            from.take(1);
        }
        return read(from, std::make_index_sequence<count>{});
    }

private:
    template <std::size_t... Is>
    static auto read(Reader& from, std::index_sequence<Is...>) {
        if constexpr (sizeof...(Is) == 0) {
            static_cast<void>(from);
            return T{};
        } else {
            return T{{(static_cast<void>(Is), Codec<Element>::read(from))...}};
        }
    }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
