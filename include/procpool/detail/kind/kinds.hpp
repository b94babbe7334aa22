#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// What a type is made of, and so whether and how its values travel. Types of headers that a small
// program does not include (map, list, bitset, complex, path) are known by what they can do.

template <class... T>
struct Types {};

enum class Kind {
    // travel
    flat,        ///< its bytes are the value
    aggregate,   ///< its members, one after the other
    product,     ///< pair, tuple
    array,       ///< std::array, a member that is a C array
    optional,    ///< optional
    variant,     ///< variant
    run,         ///< a string: elements in one run of bytes
    sequence,    ///< vector, deque, list
    forward,     ///< forward_list
    keyed,       ///< maps and sets, with and without an order
    unique_ptr,  ///< unique_ptr to one object
    path,        ///< filesystem::path
    error_code,  ///< error_code
    serialized,  ///< what its serialize() member names
    foreign,     ///< what a ForeignCodec says (see cereal.hpp)
    // do not
    reference,    ///< only refers to something in this process
    polymorphic,  ///< what it is, its type does not say
    stateful,     ///< a map or set whose order or hash is a value of its own
    hidden,       ///< trivially copyable, but what its bytes mean cannot be seen
    misdeclared,  ///< enable_shippable, but its bytes are not all there is of it
    unreadable,   ///< has a serialize() member that is const
    unmakeable,   ///< has a serialize() member, but no constructor without arguments
    opaque,       ///< owns something that cannot be seen
};

/// Of this kind, is there more to a value than its bytes and its parts say, even where it is
/// trivially copyable? So an error_code holds a pointer, and a class with a serialize() member
/// knows why it has one.
constexpr bool has_own_way(Kind k) {
    return (k >= Kind::run && k < Kind::reference) || k == Kind::unreadable ||
           k == Kind::unmakeable;
}

/// How values travel that another library serializes; cereal.hpp specialises it.
template <class T>
struct ForeignCodec {
    static constexpr bool exists = false;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
