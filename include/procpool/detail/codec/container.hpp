#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>

#include <procpool/detail/codec/base.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Containers whose flat elements lie in one run: strings and vectors.
template <class Container>
concept FlatRun = Trivial<typename Container::value_type> &&
                  !std::is_same_v<typename Container::value_type, bool> &&
                  requires(const Container& c) { c.data(); };

template <class Container>
struct RunCodec {
    using Element = typename Container::value_type;

    static constexpr std::size_t fixed_size = 0;
    static std::span<const std::byte> bytes(const Container& value) {
        return std::as_bytes(std::span{value.data(), value.size()});
    }
    static void assign(Container& value, std::span<const std::byte> bytes) {
        if (bytes.size() % sizeof(Element) != 0) {
            throw_long_frame(bytes.size() % sizeof(Element));
        }
        const std::size_t count = bytes.size() / sizeof(Element);
        // Where it is aligned it is copied at once; resize() would fill it with zeros first. But
        // assign() of the rare strings makes g++ 12 warn of an overlap that is none.
        constexpr bool is_assignable = std::is_copy_assignable_v<Element>;
        if constexpr (is_assignable && !is_rare_string) {
            if (is_aligned(bytes.data())) {
                const auto* first = reinterpret_cast<const Element*>(bytes.data());
                value.assign(first, first + count);
                make_elements_valid(value);
                return;
            }
        }
        if constexpr (is_assignable && std::is_trivially_default_constructible_v<Element>) {
            value.resize(count);
            if (count != 0) {
                std::memcpy(static_cast<void*>(value.data()), bytes.data(), bytes.size());
            }
            make_elements_valid(value);
        } else {
            value.clear();
            value.reserve(count);
            for (std::size_t i = 0; i < count; ++i) {
                value.push_back(load<Element>(bytes.data() + i * sizeof(Element)));
            }
        }
    }

    static std::size_t size(const Container& value) {
        return sizeof(std::uint64_t) + value.size() * sizeof(Element);
    }
    static void write(Writer& to, const Container& value) { to.put_run(bytes(value)); }
    static Container read(Reader& from) {
        Container value;
        assign(value, from.take_run());
        return value;
    }

private:
    static void make_elements_valid(Container& value) {
        if constexpr (holds_bool<Element>()) {
            for (auto& element : value) {
                make_valid(element);
            }
        }
    }
    static constexpr bool is_rare_string =
        kind<Container> == Kind::run && !is_one_of<Element, char, wchar_t>;
    static bool is_aligned(const void* address) {
        return reinterpret_cast<std::uintptr_t>(address) % alignof(Element) == 0;
    }
};

template <class Container>
struct CodecOf<Container, Kind::run> : RunCodec<Container> {};

/// What is read for an element of a container: of a map, an entry with a key that can be moved.
template <class Container>
struct EntryOf {
    using type = typename Container::value_type;
};
template <class Container>
requires requires { typename Container::mapped_type; }
struct EntryOf<Container> {
    using type = std::pair<typename Container::key_type, typename Container::mapped_type>;
};

/// The number of elements, then one after the other.
template <class Container>
struct ContainerCodec {
    using Element = typename EntryOf<Container>::type;

    static constexpr std::size_t fixed_size = 0;
    static std::uint64_t count(const Container& value) {
        if constexpr (requires { value.size(); }) {
            return value.size();
        } else {
            return static_cast<std::uint64_t>(std::distance(value.begin(), value.end()));
        }
    }
    static std::size_t size(const Container& value) {
        const Level<Way::writing> level;
        std::size_t total = sizeof(std::uint64_t);
        if constexpr (FixedSize<Element>) {
            total += count(value) * Codec<Element>::fixed_size;
        } else {
            for (const auto& element : value) {
                total += codec_of(element).size(element);
            }
        }
        return total;
    }
    static void write(Writer& to, const Container& value) {
        const Level<Way::writing> level;
        to.put_length(count(value));
        if constexpr (FixedSize<Element>) {
            Writer own = to;  // which the compiler keeps in registers
            write_elements(own, value);
            to = own;
        } else {
            write_elements(to, value);
        }
    }
    static Container read(Reader& from) {
        const Level<Way::reading, sizeof(Element)> level;
        const std::uint64_t count = from.take_count();
        Container value;
        if constexpr (requires { value.reserve(count); }) {
            // A count that lies makes us reserve no more than a few times what is really there.
            value.reserve(std::min<std::uint64_t>(count, 1 + 8 * from.left() / sizeof(Element)));
        }
        if constexpr (kind<Container> == Kind::forward) {
            auto last = value.before_begin();
            for (std::uint64_t i = 0; i < count; ++i) {
                last = value.insert_after(last, Codec<Element>::read(from));
            }
        } else if constexpr (kind<Container> == Kind::keyed) {
            for (std::uint64_t i = 0; i < count; ++i) {
                value.emplace_hint(value.end(), Codec<Element>::read(from));
            }
        } else {
            for (std::uint64_t i = 0; i < count; ++i) {
                value.push_back(Codec<Element>::read(from));
            }
        }
        return value;
    }

private:
    static void write_elements(Writer& to, const Container& value) {
        for (const auto& element : value) {
            detail::write_value(to, element);
        }
    }
    /// The element itself may have a key that is const.
    template <class T>
    static auto codec_of(const T&) {
        return Codec<T>{};
    }
};

template <class Container>
struct CodecOf<Container, Kind::sequence>
    : std::conditional_t<FlatRun<Container>, RunCodec<Container>, ContainerCodec<Container>> {};
template <class Container>
struct CodecOf<Container, Kind::forward> : ContainerCodec<Container> {};
template <class Container>
struct CodecOf<Container, Kind::keyed> : ContainerCodec<Container> {};

}  // namespace detail
PROCPOOL_END_NAMESPACE
