#pragma once

#include <cstddef>
#include <type_traits>

#include <procpool/bind.hpp>
#include <procpool/detail/bytes.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// How a callable travels: by its bytes when they are all there is of it, otherwise, as bound
// arguments that own memory or have a serialize() member, part by part.

template <class F>
inline constexpr bool is_trusted = false;
template <class F>
inline constexpr bool is_trusted<Trusted<F>> = true;

template <class F>
struct BoundTraits;
template <class F>
concept IsBound = requires { typename BoundTraits<F>::Function; };

template <class... Part>
consteval bool bytes_are_enough_of(Types<Part...>);

/// Trivially copyable, and so is all that can be seen in it without a way of its own to travel. The
/// captures of a lambda cannot be seen.
template <class T>
consteval bool bytes_are_enough() {
    if constexpr (!TriviallyCopyable<T>) {
        return false;
    } else if constexpr (IsBound<T>) {
        return detail::bytes_are_enough_of(typename BoundTraits<T>::Parts{});
    } else {
        if constexpr (!has_own_way(kind<T>)) {
            return detail::bytes_are_enough_of(typename PartsOf<T>::Parts{});
        }
        return false;
    }
}
template <class... Part>
consteval bool bytes_are_enough_of(Types<Part...>) {
    return (bytes_are_enough<std::remove_const_t<Part>>() && ...);
}

/// A callable of which the bytes are enough: a function or member pointer, a lambda or functor that
/// is trivially copyable, a bind of such; or a value that is bound.
template <class F>
concept ByteClosure = bytes_are_enough<F>();

/// A callable that is put together again from its parts: a functor that is an aggregate or has a
/// serialize() member.
template <class F>
concept ValueClosure = !ByteClosure<F> && !IsBound<F> && std::is_class_v<F> && Encodable<F>;

template <class F>
consteval bool closure_travels() {
    if constexpr (IsBound<F>) {
        return BoundTraits<F>::shippable;  // its bytes may all be there, and be a pointer's
    } else {
        return ByteClosure<F> || ValueClosure<F>;
    }
}
template <class F>
concept Shippable = closure_travels<F>();

/// What is bound that is not a value but a callable itself, and travels as one.
template <class T>
concept CallableArgument =
    is_function_pointer<T> || IsBound<T> ||
    (!Encodable<T> && ByteClosure<T> && std::is_class_v<T> && requires { &T::operator(); });

/// What may be bound.
template <class T>
consteval bool argument_travels() {
    if constexpr (IsBound<T>) {
        return BoundTraits<T>::shippable;
    } else {
        return Encodable<T> || CallableArgument<T>;
    }
}

/// Explains itself for the first of these that cannot be bound.
template <class T, class... Rest>
constexpr void require_arguments() {
    if constexpr (argument_travels<T>()) {
        require_arguments<Rest...>();
    } else if constexpr (IsBound<T>) {
        BoundTraits<T>::require_all();
    } else {
        require_shippable<T>();
    }
}

template <Side side, class F, class... T>
struct BoundTraits<Bound<side, F, T...>> {
    using Function = F;
    using Parts = Types<F, T...>;
    static constexpr bool arguments_travel = (argument_travels<T>() && ...);
    static constexpr bool shippable = Shippable<F> && arguments_travel;
    static constexpr void require_all();
    static constexpr bool all_relocatable();
    static constexpr std::size_t count_parts();
};

/// Explains itself when F cannot travel.
template <class F>
constexpr void require_closure() {
    if constexpr (IsBound<F>) {
        BoundTraits<F>::require_all();
    } else if constexpr (TriviallyCopyable<F> && !Shippable<F>) {
        require_shippable<F>();
    } else {
        static_assert(
            Shippable<F>,
            "procpool: this callable cannot travel to a running worker because it owns memory, as "
            "a lambda does that captures a std::string or a std::vector by value, or hides what it "
            "has, as a std::function and a std::bind do: let it take what "
            "it captures as arguments behind the item, and pass procpool::bind_back(f, "
            "captured...), or use fork_map, which takes any callable. Instead "
            "of std::function, std::bind and std::bind_front use a lambda, procpool::bind_front or "
            "bind_back");
    }
}

template <Side side, class F, class... T>
constexpr void BoundTraits<Bound<side, F, T...>>::require_all() {
    if constexpr (!arguments_travel) {
        require_arguments<T...>();
    } else {
        require_closure<F>();
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
