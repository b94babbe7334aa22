#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/character.hpp>
#include <procpool/detail/invoke.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {

template <std::size_t Index, class T>
struct BoundArgument {
    T value;
};

/// A tuple that is trivially copyable when its elements are; std::tuple is not.
template <class Indices, class... T>
struct BoundArguments;
template <std::size_t... Index, class... T>
struct BoundArguments<std::index_sequence<Index...>, T...> : BoundArgument<Index, T>... {
    /// visit(const T&...)
    template <class Visit>
    constexpr decltype(auto) apply(Visit&& visit) const {
        return std::forward<Visit>(visit)(
            static_cast<const BoundArgument<Index, T>&>(*this).value...);
    }
    /// visit(T&...)
    template <class Visit>
    constexpr decltype(auto) apply(Visit&& visit) {
        return std::forward<Visit>(visit)(static_cast<BoundArgument<Index, T>&>(*this).value...);
    }
};

/// As what an argument is kept until it is used: as std::decay says, but a string literal as the
/// string that it spells, for a pointer to it means nothing in another process.
template <class T>
struct KeptAs {
    using type = std::decay_t<T>;
    static constexpr T&& keep(T& argument) { return static_cast<T&&>(argument); }
};
template <Character Char, std::size_t N>
struct KeptAs<const Char (&)[N]> {
    using type = std::basic_string<Char>;
    static constexpr type keep(const Char (&text)[N]) {
        const Char* const end = std::char_traits<Char>::find(text, N, Char{});
        return type(text, end == nullptr ? text + N : end);
    }
};
template <class T>
using Kept = typename KeptAs<T>::type;

enum class Side { front, back };

/// What bind_front and bind_back return. Its parts are public so that it can be taken apart,
/// shipped and put together again in a worker.
template <Side side, class F, class... T>
struct Bound {
    using Function = F;
    using Arguments = BoundArguments<std::index_sequence_for<T...>, T...>;

    F function;
    Arguments arguments;

    template <class... A>
    static constexpr bool accepts =
        side == Side::front ? std::is_invocable_v<const F&, const T&..., A...>
                            : std::is_invocable_v<const F&, A..., const T&...>;

    template <class... A>
    requires accepts<A...>
    constexpr decltype(auto) operator()(A&&... a) const {
        return arguments.apply([&](const T&... bound) -> decltype(auto) {
            if constexpr (side == Side::front) {
                return detail::call(function, bound..., std::forward<A>(a)...);
            } else {
                return detail::call(function, std::forward<A>(a)..., bound...);
            }
        });
    }
};

/// What trust() returns.
template <class F>
struct Trusted {
    F function;

    template <class... A>
    requires std::is_invocable_v<const F&, A...>
    constexpr decltype(auto) operator()(A&&... a) const {
        return detail::call(function, std::forward<A>(a)...);
    }
};

template <Side side, class F, class... T>
constexpr auto bind(F&& f, T&&... arguments) {
    return Bound<side, std::decay_t<F>, Kept<T>...>{std::forward<F>(f),
                                                    {{KeptAs<T>::keep(arguments)}...}};
}

}  // namespace detail

/// `bind_front(f, a, b)(x)` calls `f(a, b, x)`. As std::bind_front, and the result travels to a
/// worker when f can and the arguments can: values that may be items of a map, and callables. The
/// arguments are copied or moved in now, a string literal as a std::string, and passed as const
/// lvalues. Binds of binds work.
template <class F, class... T>
[[nodiscard]] constexpr auto bind_front(F&& f, T&&... arguments) {
    return detail::bind<detail::Side::front>(std::forward<F>(f), std::forward<T>(arguments)...);
}

/// `bind_back(f, a, b)(x)` calls `f(x, a, b)`: what an item is mapped by comes first, its settings
/// after it. Otherwise as bind_front. Python's `partial(f, a)` is bind_front(f, a), its
/// `partial(f, setting=v)` is bind_back(f, v).
template <class F, class... T>
[[nodiscard]] constexpr auto bind_back(F&& f, T&&... arguments) {
    return detail::bind<detail::Side::back>(std::forward<F>(f), std::forward<T>(arguments)...);
}

/// Says that a trivially copyable callable may travel as it is: its bytes are not searched for
/// pointers into this process. For a closure that is refused although it is right: an integer that
/// looks like an address, a pointer that the worker never follows or that was valid before the pool
/// was made. One with a `serialize` member, or with a member that has one, travels by that.
template <class F>
[[nodiscard]] constexpr auto trust(F&& f) {
    static_assert(detail::TriviallyCopyable<std::decay_t<F>>,
                  "procpool: trust(f) is for callables that are trivially copyable: trust what is "
                  "bound, not the bind");
    return detail::Trusted<std::decay_t<F>>{std::forward<F>(f)};
}

PROCPOOL_END_NAMESPACE
