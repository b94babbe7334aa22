#pragma once

#include <type_traits>
#include <utility>

#include <procpool/detail/fields.hpp>
#include <procpool/detail/kind/classes.hpp>
#include <procpool/detail/kind/kinds.hpp>
#include <procpool/detail/kind/refers.hpp>
#include <procpool/detail/kind/standard.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/shippable.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

template <class T>
consteval Kind kind_of() {
    constexpr bool is_trivial = std::is_trivially_copyable_v<T>;
    if constexpr (only_refers<T>) {
        return Kind::reference;
    } else if constexpr (ForeignCodec<T>::exists) {
        return Kind::foreign;
    } else if constexpr (enable_shippable<T>) {
        return is_trivial ? Kind::flat : Kind::misdeclared;
    } else if constexpr (!std::is_class_v<T> && !std::is_array_v<T>) {
        return std::is_union_v<T> ? Kind::hidden : std::is_object_v<T> ? Kind::flat : Kind::opaque;
    } else if constexpr (HasSerialize<T>) {
        return HasConstSerialize<T>                 ? Kind::unreadable
               : std::is_default_constructible_v<T> ? Kind::serialized
                                                    : Kind::unmakeable;
    } else if constexpr ((is_flat_standard<T> || std::is_empty_v<T>) && is_trivial) {
        return Kind::flat;
    } else if constexpr (Standard<T>::kind != Kind::opaque) {
        return Standard<T>::kind;
    } else if constexpr (PathLike<T>) {
        return Kind::path;
    } else if constexpr (std::is_polymorphic_v<T>) {
        return Kind::polymorphic;
    } else if constexpr (std::is_aggregate_v<T>) {
        // Its own question, for g++ 12 takes a lambda that was asked it as not trivially copyable.
        if constexpr (std::is_move_assignable_v<T>) {
            if (is_sum_of_members<T>()) {
                return Kind::aggregate;
            }
        }
        return is_trivial ? Kind::hidden : Kind::opaque;
    } else {
        return is_trivial ? Kind::hidden : Kind::opaque;
    }
}

template <class T>
inline constexpr Kind kind = kind_of<T>();

template <class T>
struct PartsOf : Standard<T> {};
template <class T>
requires(kind<T> == Kind::aggregate)
struct PartsOf<T> {
    static auto list(T& value) {
        return with_fields(value,
                           []<class... Field>(const Field&...) { return Types<Field...>{}; });
    }
    using Parts = decltype(list(std::declval<T&>()));
};
template <class T>
requires(kind<T> == Kind::flat || kind<T> >= Kind::path)
struct PartsOf<T> {
    using Parts = Types<>;
};

// Whether it travels ------------------------------------------------------------------------------

template <class T, class... Outer>
consteval bool travels();

template <class... Outer, class... Part>
consteval bool all_travel(Types<Part...>) {
    return (travels<std::remove_const_t<Part>, Outer...>() && ...);
}

/// A part that is of a type it lies in, as in a tree, travels if the rest does.
template <class T, class... Outer>
consteval bool travels() {
    if constexpr (is_one_of<T, Outer...>) {
        return true;
    } else if constexpr (kind<T> >= Kind::reference) {
        return false;
    } else {
        return detail::all_travel<T, Outer...>(typename PartsOf<T>::Parts{});
    }
}

/// Values that can be written as bytes and read again in another process.
template <class T>
concept Encodable = travels<T>();

template <class... Part>
consteval bool all_flat(Types<Part...>);

/// Flat, or trivially copyable and made of nothing else.
template <class T>
consteval bool is_flat() {
    if constexpr (kind<T> == Kind::flat) {
        return true;
    } else if constexpr ((kind<T> == Kind::aggregate || kind<T> == Kind::array) &&
                         std::is_trivially_copyable_v<T>) {
        return detail::all_flat(typename PartsOf<T>::Parts{});
    } else {
        return false;
    }
}
template <class... Part>
consteval bool all_flat(Types<Part...>) {
    return (is_flat<std::remove_const_t<Part>>() && ...);
}

/// Values whose bytes are the value.
template <class T>
concept Trivial = !std::is_const_v<T> && !std::is_array_v<T> && is_flat<T>();

}  // namespace detail
PROCPOOL_END_NAMESPACE
