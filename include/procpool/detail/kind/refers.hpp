#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

#include <procpool/detail/character.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

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

}  // namespace detail
PROCPOOL_END_NAMESPACE
