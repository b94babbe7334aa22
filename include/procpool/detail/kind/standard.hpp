#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <procpool/detail/kind/kinds.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Specialised for the class templates that travel; `Parts` are the types of what they hold.
template <class T>
struct Standard {
    static constexpr Kind kind = Kind::opaque;
    using Parts = Types<>;
};
template <Kind k, class... Part>
struct StandardOf {
    static constexpr Kind kind = k;
    using Parts = Types<Part...>;
};

template <class T, std::size_t N>
struct Standard<T[N]> : StandardOf<Kind::array, T> {};
template <class T, std::size_t N>
struct Standard<std::array<T, N>> : StandardOf<Kind::array, T> {};
template <class T, class U>
struct Standard<std::pair<T, U>> : StandardOf<Kind::product, T, U> {};
template <class... T>
struct Standard<std::tuple<T...>> : StandardOf<Kind::product, T...> {};
template <class T>
struct Standard<std::optional<T>> : StandardOf<Kind::optional, T> {};
template <class... T>
struct Standard<std::variant<T...>> : StandardOf<Kind::variant, T...> {};
template <class T>
struct Standard<std::unique_ptr<T>> : StandardOf<Kind::unique_ptr, T> {};
template <class T>
struct Standard<std::unique_ptr<T[]>> : StandardOf<Kind::opaque> {};  // does not know its length
template <class Char, class Traits, class Allocator>
struct Standard<std::basic_string<Char, Traits, Allocator>> : StandardOf<Kind::run, Char> {};
template <>
struct Standard<std::error_code> : StandardOf<Kind::error_code> {};

template <class... A>
struct LastOf;
template <class T>
struct LastOf<T> {
    using type = T;
};
template <class T, class... A>
struct LastOf<T, A...> : LastOf<A...> {};

/// What a map or set compares or hashes with is made anew: with state it would be another one.
template <class F>
inline constexpr bool is_made_anew = std::is_empty_v<F> && std::is_default_constructible_v<F>;
template <class Container>
consteval bool order_is_made_anew() {
    if constexpr (requires { typename Container::key_compare; }) {
        return is_made_anew<typename Container::key_compare>;
    } else if constexpr (requires {
                             typename Container::hasher;
                             typename Container::key_equal;
                         }) {
        return is_made_anew<typename Container::hasher> &&
               is_made_anew<typename Container::key_equal>;
    } else {
        return true;
    }
}

/// A container as the standard describes them; its last argument is its allocator. A class that
/// merely derives from one is none: it may have more to it.
template <template <class...> class C, class... A>
requires requires(C<A...>& c) {
    typename C<A...>::value_type;
    requires std::same_as<typename C<A...>::allocator_type, typename LastOf<A...>::type>;
    c.begin() == c.end();
    c.max_size();
    c.clear();
}
struct Standard<C<A...>> {
    using Container = C<A...>;
    static constexpr Kind kind =
        requires(Container& c) { c.before_begin(); } ? Kind::forward
        : requires { typename Container::key_type; }
            ? (order_is_made_anew<Container>() ? Kind::keyed : Kind::stateful)
            : Kind::sequence;
    using Parts = Types<typename Container::value_type>;
};

template <class T, class... Other>
inline constexpr bool is_one_of = (std::is_same_v<T, Other> || ...);

/// Standard types with private members that are bytes and no more.
template <class T>
inline constexpr bool is_flat_standard =
    is_one_of<T, std::chrono::day, std::chrono::month, std::chrono::year, std::chrono::weekday,
              std::chrono::weekday_indexed, std::chrono::weekday_last, std::chrono::month_day,
              std::chrono::month_day_last, std::chrono::month_weekday,
              std::chrono::month_weekday_last, std::chrono::year_month, std::chrono::year_month_day,
              std::chrono::year_month_day_last, std::chrono::year_month_weekday,
              std::chrono::year_month_weekday_last>;
template <class Rep, class Period>
inline constexpr bool is_flat_standard<std::chrono::duration<Rep, Period>> =
    std::is_arithmetic_v<Rep>;
template <class Clock, class Duration>
inline constexpr bool is_flat_standard<std::chrono::time_point<Clock, Duration>> =
    is_flat_standard<Duration>;
template <template <std::size_t> class Bits, std::size_t N>
requires requires(const Bits<N>& bits) {
    bits.to_ullong();
    bits.count();
    bits.none();
}
inline constexpr bool is_flat_standard<Bits<N>> = true;  // std::bitset
template <template <class> class Number, class T>
requires std::is_arithmetic_v<T> && requires(const Number<T>& z) {
    { z.real() } -> std::same_as<T>;
    { z.imag() } -> std::same_as<T>;
    requires sizeof(z) == 2 * sizeof(T);
}
inline constexpr bool is_flat_standard<Number<T>> = true;  // std::complex

template <class T>
concept PathLike = std::is_class_v<T> && requires(const T& path) {
    typename T::string_type;
    typename T::format;
    { path.native() } -> std::same_as<const typename T::string_type&>;
    { path.lexically_normal() } -> std::same_as<T>;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
