#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <procpool/detail/namespace.hpp>
#include <procpool/shippable.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// The members of a plain aggregate, without a macro of the user's: how many there are is what its
// braces accept, and a structured binding gets at them. C++20 has no pack in a structured binding:
// hence the tables, one line a number of members.

inline constexpr std::size_t max_fields = 40;

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

// clang-format off
/// Empty braces are one member each, an array or a class as well.
template <class T>
consteval std::size_t count_by_braces() {
    std::size_t n = 0;
    if constexpr (requires { T{{}}; }) n = 1;
    if constexpr (requires { T{{},{}}; }) n = 2;
    if constexpr (requires { T{{},{},{}}; }) n = 3;
    if constexpr (requires { T{{},{},{},{}}; }) n = 4;
    if constexpr (requires { T{{},{},{},{},{}}; }) n = 5;
    if constexpr (requires { T{{},{},{},{},{},{}}; }) n = 6;
    if constexpr (requires { T{{},{},{},{},{},{},{}}; }) n = 7;
    if constexpr (requires { T{{},{},{},{},{},{},{},{}}; }) n = 8;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{}}; }) n = 9;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{}}; }) n = 10;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{}}; }) n = 11;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 12;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 13;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 14;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 15;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 16;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 17;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 18;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 19;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 20;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 21;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 22;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 23;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 24;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 25;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 26;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 27;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 28;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 29;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 30;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 31;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 32;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 33;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 34;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 35;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 36;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 37;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 38;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 39;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 40;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 41;
    return n;
}

/// Whether the member after the first `n`, which come from empty braces, comes from a Probe.
struct Accepted {
    bool bare = false;    ///< T{{}, {}, Probe{}}
    bool braced = false;  ///< T{{}, {}, {Probe{}}}

    /// Of a union: in braces of its own it asks for its first alternative.
    [[nodiscard]] constexpr bool only_bare() const { return bare && !braced; }
};
template <class T, std::size_t n, class Probe>
consteval Accepted accepts_after_braces() {
    if constexpr (n == 0) return {requires { T{Probe{}}; }, requires { T{{Probe{}}}; }};
    else if constexpr (n == 1) return {requires { T{{},Probe{}}; }, requires { T{{},{Probe{}}}; }};
    else if constexpr (n == 2) return {requires { T{{},{},Probe{}}; }, requires { T{{},{},{Probe{}}}; }};
    else if constexpr (n == 3) return {requires { T{{},{},{},Probe{}}; }, requires { T{{},{},{},{Probe{}}}; }};
    else if constexpr (n == 4) return {requires { T{{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 5) return {requires { T{{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 6) return {requires { T{{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 7) return {requires { T{{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 8) return {requires { T{{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 9) return {requires { T{{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 10) return {requires { T{{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 11) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 12) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 13) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 14) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 15) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 16) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 17) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 18) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 19) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 20) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 21) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 22) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 23) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 24) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 25) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 26) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 27) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 28) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 29) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 30) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 31) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 32) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 33) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 34) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 35) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 36) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 37) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 38) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 39) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 40) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else return {};
}

/// visit(its members...); T may be const. max_fields at most.
template <std::size_t count, class T, class Visit>
constexpr decltype(auto) visit_fields(T& value, Visit visit) {
    if constexpr (count == 1) { auto& [m1] = value; return visit(m1); }
    else if constexpr (count == 2) { auto& [m1,m2] = value; return visit(m1,m2); }
    else if constexpr (count == 3) { auto& [m1,m2,m3] = value; return visit(m1,m2,m3); }
    else if constexpr (count == 4) { auto& [m1,m2,m3,m4] = value; return visit(m1,m2,m3,m4); }
    else if constexpr (count == 5) { auto& [m1,m2,m3,m4,m5] = value; return visit(m1,m2,m3,m4,m5); }
    else if constexpr (count == 6) { auto& [m1,m2,m3,m4,m5,m6] = value; return visit(m1,m2,m3,m4,m5,m6); }
    else if constexpr (count == 7) { auto& [m1,m2,m3,m4,m5,m6,m7] = value; return visit(m1,m2,m3,m4,m5,m6,m7); }
    else if constexpr (count == 8) { auto& [m1,m2,m3,m4,m5,m6,m7,m8] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8); }
    else if constexpr (count == 9) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9); }
    else if constexpr (count == 10) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10); }
    else if constexpr (count == 11) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11); }
    else if constexpr (count == 12) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12); }
    else if constexpr (count == 13) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13); }
    else if constexpr (count == 14) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14); }
    else if constexpr (count == 15) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15); }
    else if constexpr (count == 16) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16); }
    else if constexpr (count == 17) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17); }
    else if constexpr (count == 18) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18); }
    else if constexpr (count == 19) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19); }
    else if constexpr (count == 20) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20); }
    else if constexpr (count == 21) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21); }
    else if constexpr (count == 22) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22); }
    else if constexpr (count == 23) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23); }
    else if constexpr (count == 24) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24); }
    else if constexpr (count == 25) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25); }
    else if constexpr (count == 26) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26); }
    else if constexpr (count == 27) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27); }
    else if constexpr (count == 28) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28); }
    else if constexpr (count == 29) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29); }
    else if constexpr (count == 30) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30); }
    else if constexpr (count == 31) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31); }
    else if constexpr (count == 32) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32); }
    else if constexpr (count == 33) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33); }
    else if constexpr (count == 34) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34); }
    else if constexpr (count == 35) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35); }
    else if constexpr (count == 36) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36); }
    else if constexpr (count == 37) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37); }
    else if constexpr (count == 38) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38); }
    else if constexpr (count == 39) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39); }
    else if constexpr (count == 40) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39,m40] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39,m40); }
}
// clang-format on

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
