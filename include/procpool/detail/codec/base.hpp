#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>
#include <typeinfo>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/depth.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/valid.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// How a T of this kind is written as bytes and read again:
///
///     static constexpr std::size_t fixed_size;             // bytes of every value; 0: it varies
///     static std::size_t size(const T&);                   // bytes of this value, at least 1
///     static void write(Writer&, const T&);                // throws NotShippable; see write_value
///     static T read(Reader&);                              // throws DecodeError, std::bad_alloc
///
/// and where the value is one run of bytes, which a frame of its own needs no length for:
///
///     static std::span<const std::byte> bytes(const T&);
///     static void assign(T&, std::span<const std::byte>);  // reuses the memory that T has
template <class T, Kind k>
struct CodecOf;

template <class T>
struct Codec : CodecOf<T, is_flat<T>() ? Kind::flat : kind<T>> {};

template <class T>
concept FixedSize = Encodable<T> && (Codec<T>::fixed_size > 0);
template <class T>
concept OneRun = Encodable<T> && requires(const T& value) { Codec<T>::bytes(value); };

template <class T>
struct CodecOf<T, Kind::flat> {
    static constexpr std::size_t fixed_size = sizeof(T);
    static std::size_t size(const T&) { return sizeof(T); }
    static void write(Writer& to, const T& value) {
        if constexpr (std::is_empty_v<T>) {
            *to.take(1) = std::byte{0};  // what it has for a byte may never have been written
        } else {
            std::memcpy(to.take(sizeof(T)), static_cast<const void*>(std::addressof(value)),
                        sizeof(T));
        }
    }
    static auto read(Reader& from)
    requires(!std::is_array_v<T>)
    {
        return load<T>(from.take(sizeof(T)));
    }
};

/// Writes a value where there is room for its fixed size; returns the end. The room is known to the
/// compiler, which sees that nothing is written past it and leaves the checks out.
template <FixedSize T>
std::byte* write_fixed(std::byte* to, const T& value) {
    constexpr std::size_t size = Codec<T>::fixed_size;
    Writer room({to, size}, typeid(T));
    Codec<T>::write(room, value);
    return to + size;
}

/// Writes a value, or what lies in one. Of a fixed size it is checked once that there is room, and
/// its codec is given just that much.
template <Encodable T>
void write_value(Writer& to, const T& value) {
    if constexpr (FixedSize<T>) {
        detail::write_fixed(to.take(Codec<T>::fixed_size), value);
    } else {
        Codec<T>::write(to, value);
    }
}

/// Writes a value into as many bytes as its size() said just before; returns the end.
template <Encodable T>
std::byte* write_measured(std::byte* to, std::size_t size, const T& value) {
    Writer room({to, size}, typeid(T));
    detail::write_value(room, value);
    room.finish();
    return to + size;
}

/// Reads into a value that is there: a C array can be read in no other way.
template <class T>
void read_into(Reader& from, T& value) {
    if constexpr (std::is_array_v<T>) {
        for (auto& element : value) {
            detail::read_into(from, element);
        }
    } else if constexpr (OneRun<T>) {
        Codec<T>::assign(value, from.take_run());
    } else {
        value = Codec<T>::read(from);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
