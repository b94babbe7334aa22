#pragma once

#include <type_traits>
#include <utility>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

template <class Member>
struct MemberOf;
template <class M, class Class>
struct MemberOf<M Class::*> {
    using type = Class;
};

/// What a member pointer of class C is applied to: the object, what a pointer points to, or what a
/// reference wrapper refers to.
template <class C, class Object>
constexpr decltype(auto) target_of(Object&& object) {
    if constexpr (std::is_base_of_v<C, std::remove_cvref_t<Object>>) {
        return std::forward<Object>(object);
    } else if constexpr (requires { *std::forward<Object>(object); }) {
        return *std::forward<Object>(object);
    } else {
        return object.get();
    }
}

/// std::invoke without <functional>, which is most of what a small program would compile.
template <class F, class... A>
requires(!std::is_member_pointer_v<std::decay_t<F>>)
constexpr std::invoke_result_t<F, A...> call(F&& f, A&&... a) {
    return std::forward<F>(f)(std::forward<A>(a)...);
}

template <class Member, class Object, class... A>
requires std::is_member_pointer_v<std::decay_t<Member>>
constexpr std::invoke_result_t<Member, Object, A...> call(Member&& member, Object&& object,
                                                          A&&... a) {
    using Class = typename MemberOf<std::decay_t<Member>>::type;
    if constexpr (std::is_member_function_pointer_v<std::decay_t<Member>>) {
        return (target_of<Class>(std::forward<Object>(object)).*member)(std::forward<A>(a)...);
    } else {
        return target_of<Class>(std::forward<Object>(object)).*member;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
