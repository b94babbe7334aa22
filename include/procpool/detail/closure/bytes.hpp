#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

#include <procpool/bind.hpp>
#include <procpool/detail/bytes.hpp>
#include <procpool/detail/closure/kinds.hpp>
#include <procpool/detail/closure_check.hpp>
#include <procpool/detail/codec.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

template <class T>
void check_argument(const T& argument);

/// Throws NotShippable when the bytes of the callable hold an address that means nothing in a
/// worker. Of what is bound only callables are searched: the compiler saw that values hold none.
template <class F>
void check_bytes(const F& f) {
    if constexpr (IsBound<F>) {
        detail::check_bytes(f.function);
        f.arguments.apply([](const auto&... each) { (detail::check_argument(each), ...); });
    } else if constexpr (ByteClosure<F> && std::is_class_v<F> && !std::is_empty_v<F> &&
                         !is_trusted<F>) {
        detail::check_closure(f);
    }
}

template <class T>
void check_argument(const T& argument) {
    if constexpr (CallableArgument<T>) {
        detail::check_bytes(argument);
    }
}

template <class F>
std::size_t closure_size(const F& f) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        return f.arguments.apply([&f](const auto&... each) {
            return (detail::closure_size(f.function) + ... + detail::closure_size(each));
        });
    } else if constexpr (Encodable<F>) {
        return Codec<F>::size(f);
    } else {
        return sizeof(F);
    }
}

template <class F>
std::byte* write_closure(std::byte* to, const F& f) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        to = detail::write_closure(to, f.function);
        f.arguments.apply(
            [&to](const auto&... each) { ((to = detail::write_closure(to, each)), ...); });
        return to;
    } else if constexpr (Encodable<F>) {
        return Codec<F>::write(to, f);
    } else {
        return write_bytes(to, std::as_bytes(std::span{std::addressof(f), 1}));
    }
}

/// Addresses of code are the client's; in a worker of Start::spawn it lies elsewhere.
template <class F>
void relocate(F& f) {
    if constexpr (std::is_pointer_v<F>) {
        f = std::bit_cast<F>(relocated(std::bit_cast<std::uintptr_t>(f)));
    } else if constexpr (std::is_member_function_pointer_v<F>) {
        // Its first word is an address, or the small offset of a virtual function, which stays.
        std::uintptr_t address = 0;
        std::memcpy(&address, &f, sizeof address);
        address = relocated(address);
        std::memcpy(&f, &address, sizeof address);
    } else if constexpr (IsBound<F>) {
        detail::relocate(f.function);
        f.arguments.apply([](auto&... each) { (detail::relocate(each), ...); });
    }
}

/// Throws DecodeError.
template <class F>
F read_closure(Reader& from);

template <Side side, class F, class... T>
Bound<side, F, T...> read_bound(Reader& from, std::type_identity<Bound<side, F, T...>>) {
    return {read_closure<F>(from), {{read_closure<T>(from)}...}};  // in this order
}

template <class F>
F read_closure(Reader& from) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        return read_bound(from, std::type_identity<F>{});
    } else if constexpr (Encodable<F>) {
        return Codec<F>::read(from);
    } else {
        F f = load_bytes<F>(from.take(sizeof(F)));
        detail::relocate(f);
        return f;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
