#pragma once

#include <type_traits>
#include <utility>

#include <procpool/detail/fields.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// For the question only whether a class has a serialize() that takes an archive.
struct AnyArchive {
    template <class... T>
    AnyArchive& operator()(T&&...);
    template <class T>
    AnyArchive& operator&(T&&);
};
template <class T>
concept HasSerialize =
    std::is_class_v<T> && requires(T& value, AnyArchive& archive) { value.serialize(archive); };

template <class R, class T, class Archive>
void take_const_member(R (T::*)(Archive&) const);
/// Its serialize() can write the members but not fill them.
template <class T>
concept HasConstSerialize =
    requires { detail::take_const_member(&T::template serialize<AnyArchive>); };

/// Not an aggregate that does something at its end that its members do not, because it owns what
/// they only name; nor one that cannot be put together again, of a C array and what has no default.
template <class T>
consteval bool is_sum_of_members() {
    if constexpr (count_fields<T>() == 0) {
        return false;
    } else {
        using Verdict =
            decltype(with_fields(std::declval<T&>(), []<class... Field>(const Field&...) {
                constexpr bool owns = !std::is_trivially_destructible_v<T> &&
                                      (std::is_trivially_destructible_v<Field> && ...);
                constexpr bool cannot_be_made = !std::is_trivially_copyable_v<T> &&
                                                !std::is_default_constructible_v<T> &&
                                                (std::is_array_v<Field> || ...);
                constexpr bool verdict = !owns && !cannot_be_made;
                return std::bool_constant<verdict>{};
            }));
        return Verdict::value;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
