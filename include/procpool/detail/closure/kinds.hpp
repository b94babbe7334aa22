#pragma once

#include <type_traits>

#include <procpool/bind.hpp>
#include <procpool/detail/bytes.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// How a callable travels: by its bytes when they are all there is of it, otherwise, as bound
// arguments that own memory, part by part.

/// A callable of which the bytes are enough: a function or member pointer, a lambda or functor that
/// is trivially copyable, a bind of such.
template <class F>
concept ByteClosure = TriviallyCopyable<F>;

template <class F>
inline constexpr bool is_trusted = false;
template <class F>
inline constexpr bool is_trusted<Trusted<F>> = true;

template <class F>
struct BoundTraits;
template <class F>
concept IsBound = requires { typename BoundTraits<F>::Function; };

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
    static constexpr bool arguments_travel = (argument_travels<T>() && ...);
    static constexpr bool shippable = Shippable<F> && arguments_travel;
    static constexpr void require_all();
    static constexpr bool all_relocatable();
};

/// Explains itself when F cannot travel.
template <class F>
constexpr void require_closure() {
    if constexpr (IsBound<F>) {
        BoundTraits<F>::require_all();
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
