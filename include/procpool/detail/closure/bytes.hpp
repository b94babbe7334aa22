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

// A callable that does not travel by its bytes is a bind of parts that do or are values, and maybe
// of further binds; or it is one such part.

template <class F>
constexpr std::size_t count_parts() {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        return BoundTraits<F>::count_parts();
    } else {
        return 1;
    }
}

template <Side side, class F, class... T>
constexpr std::size_t BoundTraits<Bound<side, F, T...>>::count_parts() {
    return (detail::count_parts<F>() + ... + detail::count_parts<T>());
}

template <class F, class Visit>
void for_each_part(const F& f, Visit& visit) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        detail::for_each_part(f.function, visit);
        f.arguments.apply(
            [&visit](const auto&... each) { (detail::for_each_part(each, visit), ...); });
    } else {
        visit(f);
    }
}

template <class Part>
std::size_t part_size(const Part& part) {
    if constexpr (Encodable<Part>) {
        return Codec<Part>::size(part);
    } else {
        return sizeof(Part);
    }
}

template <class Part>
std::byte* write_part(std::byte* to, std::size_t size, const Part& part) {
    if constexpr (Encodable<Part>) {
        return detail::write_measured(to, size, part);
    } else {
        return write_bytes(to, std::as_bytes(std::span{std::addressof(part), 1}));
    }
}

/// Measures the parts of a callable and writes them to reserve(total size). Throws NotShippable.
template <class F, class Reserve>
void write_closure(const F& f, Reserve reserve) {
    std::size_t sizes[count_parts<F>()];
    std::size_t total = 0;
    std::size_t* size = sizes;
    const auto measure = [&](const auto& part) {
        *size = detail::part_size(part);
        total += *size++;
    };
    detail::for_each_part(f, measure);
    std::byte* to = reserve(total);
    size = sizes;
    const auto write = [&](const auto& part) { to = detail::write_part(to, *size++, part); };
    detail::for_each_part(f, write);
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

/// What travelled as its bytes, whatever codec it has. Throws DecodeError.
template <class F>
F read_bytes(Reader& from) {
    F f = load_bytes<F>(from.take(sizeof(F)));
    detail::relocate(f);
    return f;
}

/// What write_closure wrote. Throws DecodeError.
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
        return read_bytes<F>(from);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
