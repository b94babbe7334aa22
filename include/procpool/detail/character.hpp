#pragma once

#include <concepts>

namespace procpool::inline v0_1::detail {

/// What string literals are made of.
template <class T>
concept Character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
                    std::same_as<T, char16_t> || std::same_as<T, char32_t>;

}  // namespace procpool::inline v0_1::detail
