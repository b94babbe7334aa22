#pragma once

#include <type_traits>

#include <procpool/detail/kind/kinds.hpp>
#include <procpool/detail/kind/refers.hpp>
#include <procpool/detail/kind/travels.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

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
