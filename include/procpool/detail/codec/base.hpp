#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

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
///     static std::byte* write(std::byte* to, const T&);    // returns the end
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
    static std::byte* write(std::byte* to, const T& value) {
        if constexpr (std::is_empty_v<T>) {
            *to = std::byte{0};  // what it has for a byte may never have been written
        } else {
            std::memcpy(to, static_cast<const void*>(std::addressof(value)), sizeof(T));
        }
        return to + sizeof(T);
    }
    static auto read(Reader& from)
    requires(!std::is_array_v<T>)
    {
        return load<T>(from.take(sizeof(T)));
    }
};

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
