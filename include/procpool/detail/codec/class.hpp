#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <procpool/detail/codec/base.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// What a class's serialize() is given, in the client or in a worker: it is called with the
/// members, one after the other, archive(a, b, c). As cereal's archives it says which way it goes,
/// for a class that must do more on one of them: `if constexpr (Archive::is_loading::value) ...`.
template <bool loads>
struct Archive {
    using is_loading = std::bool_constant<loads>;
    using is_saving = std::bool_constant<!loads>;
};

class Measure : public Archive<false> {
public:
    template <class... T>
    Measure& operator()(const T&... each) {
        (add(each), ...);
        return *this;
    }
    template <class T>
    Measure& operator&(const T& each) {
        return (*this)(each);
    }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    template <class T>
    void add(const T& value) {
        if constexpr (Encodable<T>) {
            size_ += Codec<T>::size(value);
        } else {
            require_shippable<T>();
        }
    }
    std::size_t size_ = 0;
};

class Writing : public Archive<false> {
public:
    explicit Writing(Writer& to) : to_(to) {}
    template <class... T>
    Writing& operator()(const T&... each) {
        (write(each), ...);
        return *this;
    }
    template <class T>
    Writing& operator&(const T& each) {
        return (*this)(each);
    }

private:
    template <class T>
    void write(const T& value) {
        if constexpr (Encodable<T>) {
            detail::write_value(to_, value);  // Measure says why not
        }
    }
    Writer& to_;
};

class Reading : public Archive<true> {
public:
    explicit Reading(Reader& from) : from_(from) {}
    template <class... T>
    Reading& operator()(T&&... each) {
        (read(each), ...);
        return *this;
    }
    template <class T>
    Reading& operator&(T&& each) {
        return (*this)(each);
    }

private:
    template <class T>
    void read(T& value) {
        if constexpr (Encodable<T>) {
            detail::read_into(from_, value);
        }
    }
    Reader& from_;
};

/// A byte, for there may be no members, and what serialize() names.
template <class T>
struct CodecOf<T, Kind::serialized> {
    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const T& value) {
        const Level<Way::writing> level;
        Measure archive;
        call(archive, value);
        return 1 + archive.size();
    }
    static void write(Writer& to, const T& value) {
        const Level<Way::writing> level;
        to.put_choice(0);
        Writing archive(to);
        call(archive, value);
    }
    static T read(Reader& from) {
        const Level<Way::reading, sizeof(T)> level;
        from.take_choice(1);
        T value{};
        Reading archive(from);
        value.serialize(archive);
        return value;
    }

private:
    /// serialize() is one function for both ways, and so not const.
    template <class A>
    static void call(A& archive, const T& value) {
        const_cast<T&>(value).serialize(archive);
    }
};

template <class T>
struct CodecOf<T, Kind::foreign> : ForeignCodec<T> {};

/// A std::filesystem::path as its text.
template <class Path>
struct CodecOf<Path, Kind::path> {
    using Text = Codec<typename Path::string_type>;

    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const Path& value) { return Text::size(value.native()); }
    static void write(Writer& to, const Path& value) { Text::write(to, value.native()); }
    static Path read(Reader& from) { return Path(Text::read(from)); }
};

/// The category of this name: one of the standard's, or one that stands for all that are not known
/// here. Equal to no other, so that no code of it is mistaken.
const std::error_category& category_named(std::string_view name);

template <>
struct CodecOf<std::error_code, Kind::error_code> {
    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const std::error_code& code) {
        return sizeof(int) + sizeof(std::uint64_t) + name(code).size();
    }
    static void write(Writer& to, const std::error_code& code) {
        detail::write_value(to, code.value());
        to.put_run(std::as_bytes(std::span{name(code)}));
    }
    static std::error_code read(Reader& from) {
        const int value = Codec<int>::read(from);
        const auto name = from.take_run();
        return {value, category_named({reinterpret_cast<const char*>(name.data()), name.size()})};
    }

private:
    static std::string_view name(const std::error_code& code) { return code.category().name(); }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
