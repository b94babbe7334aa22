#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/detail/bytes.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// A callable whose parameter is a std::string_view or a std::span<const T> is shown a string or a
// vector where it lies among the inputs: the worker makes no copy. What it takes is told by its one
// signature. A template, or one of several, is not asked: it gets the string.

template <class... A>
struct Signature {
    template <std::size_t i>
    static auto parameter() {
        if constexpr (i < sizeof...(A)) {
            return std::type_identity<std::tuple_element_t<i, std::tuple<A...>>>{};
        } else {
            return std::type_identity<void>{};
        }
    }
};

template <class F>
struct SignatureOf {
    using type = Signature<>;
};
template <class R, class... A>
struct SignatureOf<R (*)(A...)> {
    using type = Signature<A...>;
};
template <class R, class... A>
struct SignatureOf<R (*)(A...) noexcept> {
    using type = Signature<A...>;
};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const> {
    using type = Signature<A...>;
};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const noexcept> {
    using type = Signature<A...>;
};

/// The type of parameter `i`; void if it is not known.
template <class F, std::size_t i>
struct ParameterOf : decltype(SignatureOf<F>::type::template parameter<i>()) {};
template <class F, std::size_t i>
requires requires { &F::operator(); }
struct ParameterOf<F, i>
    : decltype(SignatureOf<decltype(&F::operator())>::type::template parameter<i>()) {};
template <class F, std::size_t i, class... T>
struct ParameterOf<Bound<Side::front, F, T...>, i> : ParameterOf<F, i + sizeof...(T)> {};
template <class F, std::size_t i, class... T>
struct ParameterOf<Bound<Side::back, F, T...>, i> : ParameterOf<F, i> {};
template <class F, std::size_t i>
struct ParameterOf<Trusted<F>, i> : ParameterOf<F, i> {};

/// Is View the view of T, a string or a vector of plain values?
template <class View, class T>
inline constexpr bool is_view_of = false;
template <class Char, class Traits, class Allocator>
inline constexpr bool
    is_view_of<std::basic_string_view<Char, Traits>, std::basic_string<Char, Traits, Allocator>> =
        true;
template <class E, class Allocator>
inline constexpr bool is_view_of<std::span<const E>, std::vector<E, Allocator>> =
    Trivial<E> && !std::is_same_v<E, bool>;

/// What F, called with a T, is shown instead; void for the T itself.
template <class F, class T>
using ShownTo =
    std::conditional_t<is_view_of<std::remove_cvref_t<typename ParameterOf<F, 0>::type>, T>,
                       std::remove_cvref_t<typename ParameterOf<F, 0>::type>, void>;

/// The elements that lie in these bytes, if they are aligned. Throws DecodeError.
template <class View>
bool show(std::span<const std::byte> bytes, View& view) {
    using Element = typename View::value_type;
    if (bytes.size() % sizeof(Element) != 0) {
        throw_long_frame(bytes.size() % sizeof(Element));
    }
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Element) != 0) {
        return false;
    }
    view = View(reinterpret_cast<const Element*>(bytes.data()), bytes.size() / sizeof(Element));
    return true;
}

/// Reads item `i` for F by way of `items`, or shows it.
template <class F, class T, class Items>
decltype(auto) item_for(Items& items, std::uint64_t i) {
    using Shown = ShownTo<F, T>;
    if constexpr (std::is_void_v<Shown>) {
        return items(i);
    } else {
        Shown shown;
        if (!show(items.bytes(i), shown)) {
            shown = items.value(i);
        }
        return shown;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
