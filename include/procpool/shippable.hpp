#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// Says that the bytes of a T are all there is of it, and mean the same in another process. For a
/// trivially copyable class whose members the library cannot see, because they are private or it
/// has constructors:
///
///     template <>
///     inline constexpr bool procpool::enable_shippable<Angle> = true;
///
/// Then a T travels as item, bound argument and result, alone and inside other values, by its
/// bytes: make sure that none of them is a pointer. Specialise it before the first use of T in a
/// pool. Classes that are not trivially copyable have a `serialize` member instead; see
/// docs/shipping.md.
template <class T>
inline constexpr bool enable_shippable = false;

PROCPOOL_END_NAMESPACE
