#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <variant>
#include <version>

#include <procpool/detail/namespace.hpp>

#if defined(__cpp_lib_format)
#include <format>
#endif
#if defined(__cpp_lib_expected)
#include <expected>
#endif

#include <procpool/detail/failure.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The types behind StandardType: which of them an exception is, and as which of them a failure
/// arrives in the client.
namespace detail {

/// `Made`: the type that is thrown in place of a T that has no constructor for us.
template <StandardType Tag, class T, class Made = T>
struct TypeEntry {
    static constexpr StandardType tag = Tag;
    using type = T;
    using made = Made;
};

template <class... Entries>
struct TypeTable {};

/// Stands for a type that this standard library does not have. Nobody throws it.
template <StandardType tag, class Base>
struct Missing : Base {
    using Base::Base;
};

#if defined(__cpp_lib_format)
using FormatError = std::format_error;
#else
using FormatError = Missing<StandardType::format_error, std::runtime_error>;
#endif

#if __cpp_lib_chrono >= 201907L  // with time zones
using NonexistentLocalTime = std::chrono::nonexistent_local_time;
using AmbiguousLocalTime = std::chrono::ambiguous_local_time;
#define PROCPOOL_HAS_TIME_ZONES 1
#else
using NonexistentLocalTime = Missing<StandardType::nonexistent_local_time, std::runtime_error>;
using AmbiguousLocalTime = Missing<StandardType::ambiguous_local_time, std::runtime_error>;
#define PROCPOOL_HAS_TIME_ZONES 0
#endif

#if defined(__cpp_lib_expected)
using BadExpectedAccess = std::bad_expected_access<void>;  // the base of all
struct MadeBadExpectedAccess : BadExpectedAccess {};
#else
using BadExpectedAccess = Missing<StandardType::bad_expected_access, std::exception>;
using MadeBadExpectedAccess = BadExpectedAccess;
#endif

// Derived types before their bases: the first that an exception can be cast to is its nearest.
using StandardTypes = TypeTable<
    TypeEntry<StandardType::timeout_error, TimeoutError>,
    TypeEntry<StandardType::pool_closed, PoolClosed>,
    TypeEntry<StandardType::pool_terminated, PoolTerminated>,
    TypeEntry<StandardType::pool_broken, PoolBroken>,
    TypeEntry<StandardType::initializer_failed, InitializerFailed>,
    TypeEntry<StandardType::not_shippable, NotShippable>,
    TypeEntry<StandardType::decode_error, DecodeError>,
    TypeEntry<StandardType::ios_failure, std::ios_base::failure>,
    TypeEntry<StandardType::filesystem_error, std::filesystem::filesystem_error>,
    TypeEntry<StandardType::system_error, std::system_error>,
    TypeEntry<StandardType::regex_error, std::regex_error>,
    TypeEntry<StandardType::format_error, FormatError>,
    TypeEntry<StandardType::nonexistent_local_time, NonexistentLocalTime>,
    TypeEntry<StandardType::ambiguous_local_time, AmbiguousLocalTime>,
    TypeEntry<StandardType::range_error, std::range_error>,
    TypeEntry<StandardType::overflow_error, std::overflow_error>,
    TypeEntry<StandardType::underflow_error, std::underflow_error>,
    TypeEntry<StandardType::runtime_error, std::runtime_error>,
    TypeEntry<StandardType::invalid_argument, std::invalid_argument>,
    TypeEntry<StandardType::domain_error, std::domain_error>,
    TypeEntry<StandardType::length_error, std::length_error>,
    TypeEntry<StandardType::out_of_range, std::out_of_range>,
    TypeEntry<StandardType::future_error, std::future_error>,
    TypeEntry<StandardType::logic_error, std::logic_error>,
    TypeEntry<StandardType::bad_array_new_length, std::bad_array_new_length>,
    TypeEntry<StandardType::bad_alloc, std::bad_alloc>,
    TypeEntry<StandardType::bad_any_cast, std::bad_any_cast>,
    TypeEntry<StandardType::bad_cast, std::bad_cast>,
    TypeEntry<StandardType::bad_typeid, std::bad_typeid>,
    TypeEntry<StandardType::bad_function_call, std::bad_function_call>,
    TypeEntry<StandardType::bad_weak_ptr, std::bad_weak_ptr>,
    TypeEntry<StandardType::bad_optional_access, std::bad_optional_access>,
    TypeEntry<StandardType::bad_variant_access, std::bad_variant_access>,
    TypeEntry<StandardType::bad_expected_access, BadExpectedAccess, MadeBadExpectedAccess>,
    TypeEntry<StandardType::bad_exception, std::bad_exception>,
    TypeEntry<StandardType::exception, std::exception>>;

template <class...>
inline constexpr bool derived_first = true;
template <class First, class... Rest>
inline constexpr bool derived_first<First, Rest...> =
    (!std::is_base_of_v<typename First::type, typename Rest::type> && ...) &&
    derived_first<Rest...>;

template <class... Entries>
constexpr bool well_formed(TypeTable<Entries...>) {
    return derived_first<Entries...> &&
           sizeof...(Entries) == static_cast<std::size_t>(last_standard_type);
}
static_assert(well_formed(StandardTypes{}),
              "every StandardType but none, derived types before bases");

template <class... Entries>
StandardType nearest_standard_type(const std::exception* exception, TypeTable<Entries...>) {
    auto nearest = StandardType::none;
    static_cast<void>(((dynamic_cast<const typename Entries::type*>(exception) != nullptr &&
                        (nearest = Entries::tag, true)) ||
                       ...));
    return nearest;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
