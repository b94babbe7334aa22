#pragma once

#include <cstddef>
#include <span>

#include <procpool/detail/codec/base.hpp>
#include <procpool/detail/codec/choice.hpp>
#include <procpool/detail/codec/class.hpp>
#include <procpool/detail/codec/container.hpp>
#include <procpool/detail/codec/product.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// Frames: one value that has its bytes for itself -----------------------------------------------

template <Encodable T>
[[nodiscard]] std::size_t frame_size(const T& value) {
    if constexpr (OneRun<T>) {
        return Codec<T>::bytes(value).size();
    } else {
        return Codec<T>::size(value);
    }
}

template <Encodable T>
void write_frame(Writer& to, const T& value) {
    if constexpr (OneRun<T>) {
        to.put_bytes(Codec<T>::bytes(value));
    } else {
        detail::write_value(to, value);
    }
}

template <Encodable T>
[[nodiscard]] T read_frame(std::span<const std::byte> frame) {
    if constexpr (OneRun<T>) {
        T value;
        Codec<T>::assign(value, frame);
        return value;
    } else {
        Reader from{frame};
        T value = Codec<T>::read(from);
        if (from.left() != 0) {
            throw_long_frame(from.left());
        }
        return value;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
