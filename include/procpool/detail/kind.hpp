#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <procpool/detail/character.hpp>
#include <procpool/detail/fields.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/shippable.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// What a type is made of, and so whether and how its values travel. Types of headers that a small
// program does not include (map, list, bitset, complex, path) are known by what they can do.

template <class... T>
struct Types {};

enum class Kind {
    // travel
    flat,        ///< its bytes are the value
    aggregate,   ///< its members, one after the other
    product,     ///< pair, tuple
    array,       ///< std::array, a member that is a C array
    run,         ///< a string: elements in one run of bytes
    sequence,    ///< vector, deque, list
    forward,     ///< forward_list
    keyed,       ///< maps and sets, with and without an order
    optional,    ///< optional
    variant,     ///< variant
    unique_ptr,  ///< unique_ptr to one object
    path,        ///< filesystem::path
    error_code,  ///< error_code
    serialized,  ///< what its serialize() member names
    foreign,     ///< what a ForeignCodec says (see cereal.hpp)
    // do not
    reference,    ///< only refers to something in this process
    polymorphic,  ///< what it is, its type does not say
    stateful,     ///< a map or set whose order or hash is a value of its own
    hidden,       ///< trivially copyable, but what its bytes mean cannot be seen
    misdeclared,  ///< enable_shippable, but its bytes are not all there is of it
    unreadable,   ///< has a serialize() member that is const
    unmakeable,   ///< has a serialize() member, but no constructor without arguments
    opaque,       ///< owns something that cannot be seen
};

/// How values travel that another library serializes; cereal.hpp specialises it.
template <class T>
struct ForeignCodec {
    static constexpr bool exists = false;
};

// Types that only refer --------------------------------------------------------------------------

/// Types that only refer to something in this process: not values that another process could use.
template <class T>
inline constexpr bool only_refers = std::is_pointer_v<T> || std::is_null_pointer_v<T> ||
                                    std::is_reference_v<T> || std::is_member_function_pointer_v<T>;
template <class Char, class Traits>
inline constexpr bool only_refers<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t Extent>
inline constexpr bool only_refers<std::span<T, Extent>> = true;
template <class T>
inline constexpr bool only_refers<std::initializer_list<T>> = true;
template <class T>
requires requires(const T& t) {
    typename T::type;
    { t.get() } -> std::same_as<typename T::type&>;
    requires std::is_convertible_v<const T&, typename T::type&>;
}  // std::reference_wrapper, without the header that has it
inline constexpr bool only_refers<T> = true;

/// A pointer to a function, member or not.
template <class T>
inline constexpr bool is_function_pointer =
    std::is_member_function_pointer_v<T> || std::is_function_v<std::remove_pointer_t<T>>;

template <class T>
inline constexpr bool is_text_pointer = false;
template <Character Char>
inline constexpr bool is_text_pointer<const Char*> = true;

// The kinds by name ------------------------------------------------------------------------------

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

/// For the question only whether a class has a serialize() that takes an archive.
struct AnyArchive {
    template <class... T>
    AnyArchive& operator()(T&&...);
    template <class T>
    AnyArchive& operator&(T&&);
};
template <class T>
concept HasSerialize =
    std::is_class_v<T> && requires(T& value, AnyArchive& archive) { value.serialize(archive); };

template <class R, class T, class Archive>
void take_const_member(R (T::*)(Archive&) const);
/// Its serialize() can write the members but not fill them.
template <class T>
concept HasConstSerialize =
    requires { detail::take_const_member(&T::template serialize<AnyArchive>); };

/// Not an aggregate that does something at its end that its members do not, because it owns what
/// they only name; nor one that cannot be put together again, of a C array and what has no default.
template <class T>
consteval bool is_sum_of_members() {
    if constexpr (count_fields<T>() == 0) {
        return false;
    } else {
        using Verdict =
            decltype(with_fields(std::declval<T&>(), []<class... Field>(const Field&...) {
                constexpr bool owns = !std::is_trivially_destructible_v<T> &&
                                      (std::is_trivially_destructible_v<Field> && ...);
                constexpr bool cannot_be_made = !std::is_trivially_copyable_v<T> &&
                                                !std::is_default_constructible_v<T> &&
                                                (std::is_array_v<Field> || ...);
                constexpr bool verdict = !owns && !cannot_be_made;
                return std::bool_constant<verdict>{};
            }));
        return Verdict::value;
    }
}

// The kind of a type, and its parts ---------------------------------------------------------------

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

// Why it does not ---------------------------------------------------------------------------------

template <class T, class... Outer>
constexpr void require_shippable();

/// Only the first that does not travel: one error says what to do.
template <class... Outer, class Part, class... Rest>
constexpr void require_all_shippable(Types<Part, Rest...>) {
    if constexpr (!travels<std::remove_const_t<Part>, Outer...>()) {
        require_shippable<std::remove_const_t<Part>, Outer...>();
    } else {
        detail::require_all_shippable<Outer...>(Types<Rest...>{});
    }
}

/// Explains itself when T cannot be an item, an argument or a result. The compiler's notes name the
/// type of the part that is to blame, and the types it lies in.
template <class T, class... Outer>
constexpr void require_shippable() {
    if constexpr (!travels<T, Outer...>()) {
        static_assert(
            !is_text_pointer<T>,
            "procpool: a const char* means nothing in another process, and a string literal in a "
            "pair, a tuple or a container is one: write std::string(\"...\"), and std::string "
            "where "
            "the type says const char*");
        static_assert(!is_function_pointer<T>,
                      "procpool: a pointer to a function is no value that another process could "
                      "use: pass the function as the callable itself, or bind it with bind_front "
                      "or bind_back");
        static_assert(
            kind<T> != Kind::reference || is_text_pointer<T> || is_function_pointer<T>,
            "procpool: a raw pointer, string_view, span or reference_wrapper means nothing in "
            "another process, and so does what holds one: as item, argument or result use the "
            "value it refers to (std::string, std::vector, std::unique_ptr), or fork_map, whose "
            "items, though not their results, need not travel");
        static_assert(
            kind<T> != Kind::polymorphic,
            "procpool: a polymorphic class cannot travel to another process by itself: give it a "
            "serialize(archive) member if its objects are of just this type, let cereal carry it "
            "(procpool/cereal.hpp), or use fork_map, whose items, though not their results, need "
            "not travel");
        static_assert(
            kind<T> != Kind::stateful,
            "procpool: the order or the hash of this map or set has state (it is a function "
            "pointer, a std::function or a class with members), which does not travel: use a class "
            "without members that has an operator(), or send the elements as a std::vector");
        static_assert(
            kind<T> != Kind::hidden,
            "procpool: this class is trivially copyable, but its members cannot be seen (they are "
            "private, const, a base class or a union, or it has constructors): if none is a "
            "pointer, specialise procpool::enable_shippable<T>; otherwise give it a "
            "serialize(archive) member");
        static_assert(kind<T> != Kind::misdeclared,
                      "procpool: enable_shippable<T> is for trivially copyable classes: give this "
                      "one a serialize(archive) member instead");
        static_assert(
            kind<T> != Kind::unreadable,
            "procpool: the serialize(archive) member of this class is const, but it is to "
            "fill the members as well: take the const away");
        static_assert(kind<T> != Kind::unmakeable,
                      "procpool: a class with a serialize(archive) member travels into an object "
                      "that is there already: give it a public constructor without arguments");
        static_assert(
            kind<T> != Kind::opaque,
            "procpool: a value of this type cannot travel to another process: it is no standard "
            "container and no plain aggregate (one with a const member is none): give the class a "
            "public constructor without arguments and a public member `template <class A> void "
            "serialize(A& archive) { archive(its, members); }`, let cereal carry it "
            "(procpool/cereal.hpp), or use fork_map, whose items, though not their results, need "
            "not travel");
        if constexpr (kind<T> < Kind::reference) {
            detail::require_all_shippable<T, Outer...>(typename PartsOf<T>::Parts{});
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
