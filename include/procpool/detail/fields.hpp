#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <procpool/detail/fields/tables.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/shippable.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// The members of a plain aggregate, without a macro of the user's: how many there are is what its
// braces accept, and a structured binding gets at them.

/// Converts to a member of any type.
struct AnyField {
    template <class T>
    operator T() const;
};
/// Converts to a base class of T only.
template <class T>
struct AnyBase {
    template <class Base>
    requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>)
    operator Base() const;
};

/// Converts to a union that nobody said may travel. One without a name nobody can, and no
/// structured binding takes it apart.
struct AnyUnion {
    template <class T>
    requires(std::is_union_v<T> && !enable_shippable<T>)
    operator T() const;
};

template <class T>
concept HasBase = requires { T{AnyBase<T>{}}; };

/// T{before, {inside}, after}, each so many of any type.
template <class T, std::size_t... Is, std::size_t... Js, std::size_t... Ks>
constexpr bool accepts(std::index_sequence<Is...>, std::index_sequence<Js...>,
                       std::index_sequence<Ks...>) {
    return requires {
        T{(static_cast<void>(Is), AnyField{})...,
          {(static_cast<void>(Js), AnyField{})...},
          (static_cast<void>(Ks), AnyField{})...};
    };
}
template <class T, std::size_t before, std::size_t inside, std::size_t after>
inline constexpr bool accepts_nested =
    detail::accepts<T>(std::make_index_sequence<before>{}, std::make_index_sequence<inside>{},
                       std::make_index_sequence<after>{});
template <class T, std::size_t... Is>
constexpr bool accepts_any(std::index_sequence<Is...>) {
    return requires { T{(static_cast<void>(Is), AnyField{})...}; };
}

/// Without braces each element of a member that is an array counts: the length of the one that
/// begins after `before` of them, 1 for what is no array.
template <class T, std::size_t before, std::size_t total, std::size_t n = total - before>
consteval std::size_t array_at() {
    if constexpr (n <= 1) {
        return 1;
    } else if constexpr (accepts_nested<T, before, n, total - before - n> &&
                         !accepts_nested<T, before, n, total - before - n + 1>) {
        return n;
    } else {
        return array_at<T, before, total, n - 1>();
    }
}
template <class T, std::size_t total, std::size_t before = 0>
consteval std::size_t count_arrays_once() {
    if constexpr (before >= total) {
        return 0;
    } else {
        return 1 + count_arrays_once<T, total, before + array_at<T, before, total>()>();
    }
}

/// For members that do not come from empty braces: each is asked to come from whatever it is.
template <class T, std::size_t n = 2 * max_fields>
consteval std::size_t count_by_conversion() {
    if constexpr (n == 0) {
        return 0;
    } else if constexpr (accepts_any<T>(std::make_index_sequence<n>{})) {
        return count_arrays_once<T, n>();
    } else {
        return count_by_conversion<T, n - 1>();
    }
}

/// Is one of the members a union?
template <class T, std::size_t... Is>
consteval bool has_union(std::index_sequence<Is...>) {
    return (accepts_after_braces<T, Is, AnyUnion>().only_bare() || ...);
}

/// Empty braces count the members up to one that does not come from them; where there is such a
/// one, and nothing else counts as many, the number cannot be told.
template <class T>
consteval std::size_t count_of_aggregate() {
    constexpr std::size_t n = count_by_braces<T>();
    if constexpr (n > max_fields) {
        return 0;
    } else if constexpr (n == 0) {
        return count_by_conversion<T>();
    } else if constexpr (accepts_after_braces<T, n, AnyField>().bare) {
        constexpr std::size_t more = count_by_conversion<T>();
        return more > n && more <= max_fields ? more : 0;
    } else {
        return has_union<T>(std::make_index_sequence<n>{}) ? 0 : n;
    }
}

/// The number of members of an aggregate without bases; 0 if it cannot be told or is more than
/// max_fields.
template <class T>
consteval std::size_t count_fields() {
    if constexpr (!std::is_aggregate_v<T> || std::is_union_v<T> || HasBase<T>) {
        return 0;
    } else {
        return count_of_aggregate<T>();
    }
}

/// visit(its members...)
template <class T, class Visit>
constexpr decltype(auto) with_fields(T& value, Visit visit) {
    return visit_fields<count_fields<std::remove_const_t<T>>()>(value, visit);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
