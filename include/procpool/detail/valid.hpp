#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// Bytes that a worker wrote may be no value at all: a bool has two, and a byte that is neither
// makes the compiler's assumptions wrong. Every other type that is flat has a value for all bytes.

template <class T>
consteval bool holds_bool();
template <class... Part>
consteval bool any_holds_bool(Types<Part...>) {
    return (holds_bool<std::remove_const_t<Part>>() || ...);
}

/// Of a type that is_flat: is there a bool among its members?
template <class T>
consteval bool holds_bool() {
    if constexpr (std::is_same_v<T, bool>) {
        return true;
    } else if constexpr (kind<T> == Kind::aggregate || kind<T> == Kind::array) {
        return detail::any_holds_bool(typename PartsOf<T>::Parts{});
    } else {
        return false;
    }
}

/// Makes a value of what was copied into a flat `value`: every bool in it that is not 0 is true.
template <class T>
void make_valid(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        auto& byte = reinterpret_cast<unsigned char&>(value);
        byte = byte != 0 ? 1 : 0;
    } else if constexpr (!holds_bool<T>()) {
        // whatever its bytes are
    } else if constexpr (kind<T> == Kind::array) {
        for (auto& element : value) {
            detail::make_valid(element);
        }
    } else {
        const auto begin = reinterpret_cast<std::uintptr_t>(std::addressof(value));
        with_fields(std::as_const(value), [begin]<class... Field>(const Field&... each) {
            // A bit-field comes as a copy, and has no byte of its own that could be wrong.
            const auto visit = [begin]<class Each>(const Each& field) {
                const auto at = reinterpret_cast<std::uintptr_t>(std::addressof(field));
                if (at - begin < sizeof(T)) {
                    detail::make_valid(const_cast<Each&>(field));
                }
            };
            (visit(each), ...);
        });
    }
}

/// The value whose bytes lie at `from`.
template <TriviallyCopyable T>
[[nodiscard]] T load(const std::byte* from) {
    if constexpr (std::is_same_v<T, bool>) {
        return *from != std::byte{0};  // as a bool it must not even be returned
    } else {
        T value = load_bytes<T>(from);
        detail::make_valid(value);
        return value;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
