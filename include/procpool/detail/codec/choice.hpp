#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <procpool/detail/codec/base.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// A byte that says which of several there is, then that one.

/// If each alternative has a fixed size, the choice has that of the longest.
template <class... T>
inline constexpr std::size_t fixed_choice =
    ((Codec<T>::fixed_size > 0) && ...) ? 1 + std::max({Codec<T>::fixed_size...}) : 0;

/// Fills up what a shorter alternative left over.
template <std::size_t fixed_size>
void pad(Writer& to) {
    if constexpr (fixed_size != 0) {
        const std::size_t size = to.left();
        std::fill_n(to.take(size), size, std::byte{0});
    }
}
template <std::size_t fixed_size>
void skip_padding(Reader& from, std::size_t left_before) {
    if constexpr (fixed_size != 0) {
        from.take(fixed_size - (left_before - from.left()));
    }
}

template <class T>
struct CodecOf<std::optional<T>, Kind::optional> {
    static constexpr std::size_t fixed_size = fixed_choice<T>;
    static std::size_t size(const std::optional<T>& value) {
        if constexpr (fixed_size != 0) {
            return fixed_size;
        }
        return 1 + (value ? Codec<T>::size(*value) : 0);
    }
    static void write(Writer& to, const std::optional<T>& value) {
        to.put_choice(value ? 1 : 0);
        if (value) {
            detail::write_value(to, *value);
        }
        pad<fixed_size>(to);
    }
    static std::optional<T> read(Reader& from) {
        std::optional<T> value;
        const std::size_t before = from.left();
        if (from.take_choice(2) == 1) {
            value.emplace(Codec<T>::read(from));
        }
        skip_padding<fixed_size>(from, before);
        return value;
    }
};

template <class... T>
struct CodecOf<std::variant<T...>, Kind::variant> {
    using Variant = std::variant<T...>;
    static_assert(sizeof...(T) <= 256, "procpool: a variant of more than 256 types cannot travel");

    static constexpr std::size_t fixed_size = fixed_choice<T...>;
    /// Throws std::bad_variant_access for a variant that lost its value.
    static std::size_t size(const Variant& value) {
        const std::size_t varying =
            1 + std::visit([]<class U>(const U& each) { return Codec<U>::size(each); }, value);
        return fixed_size != 0 ? fixed_size : varying;
    }
    static void write(Writer& to, const Variant& value) {
        to.put_choice(value.index());
        std::visit([&to](const auto& each) { detail::write_value(to, each); }, value);
        pad<fixed_size>(to);
    }
    static Variant read(Reader& from) {
        const std::size_t before = from.left();
        Variant value = read_choice<0>(from, from.take_choice(sizeof...(T)));
        skip_padding<fixed_size>(from, before);
        return value;
    }

private:
    template <std::size_t Index>
    static Variant read_choice(Reader& from, std::size_t choice) {
        if constexpr (Index + 1 < sizeof...(T)) {
            if (choice != Index) {
                return read_choice<Index + 1>(from, choice);
            }
        }
        using Alternative = std::variant_alternative_t<Index, Variant>;
        return Variant(std::in_place_index<Index>, Codec<Alternative>::read(from));
    }
};

template <class T>
struct CodecOf<std::unique_ptr<T>, Kind::unique_ptr> {
    using Value = std::remove_const_t<T>;

    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const std::unique_ptr<T>& value) {
        const Level<Way::writing> level;
        return 1 + (value ? Codec<Value>::size(*value) : 0);
    }
    static void write(Writer& to, const std::unique_ptr<T>& value) {
        const Level<Way::writing> level;
        to.put_choice(value ? 1 : 0);
        if (value) {
            detail::write_value<Value>(to, *value);
        }
    }
    static std::unique_ptr<T> read(Reader& from) {
        const Level<Way::reading, sizeof(Value)> level;
        if (from.take_choice(2) == 0) {
            return nullptr;
        }
        return std::make_unique<Value>(Codec<Value>::read(from));
    }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
