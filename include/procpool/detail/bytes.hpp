#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Throws DecodeError: `wanted` bytes were to be read and `left` were there.
[[noreturn]] void throw_short_frame(std::size_t wanted, std::size_t left);
/// Throws DecodeError: `left` bytes of a frame were not understood.
[[noreturn]] void throw_long_frame(std::size_t left);
/// Throws DecodeError: `read` is not one of the `count` values that there are.
[[noreturn]] void throw_bad_choice(std::size_t read, std::size_t count);
/// Throws DecodeError: another library could not read a value, and said why.
[[noreturn]] void throw_foreign(const char* why);
/// Throws NotShippable: a value of this type took more bytes when it was written than when it was
/// measured.
[[noreturn]] void throw_longer_than_measured(const std::type_info& type);
/// The same, for one that left as many of them.
[[noreturn]] void throw_shorter_than_measured(const std::type_info& type, std::size_t left);

/// Bytes yet to be read. Reading past the end throws DecodeError.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : at_(bytes.data()), left_(bytes.size()) {}

    const std::byte* take(std::size_t size) {
        if (size > left_) [[unlikely]] {
            throw_short_frame(size, left_);
        }
        const std::byte* taken = at_;
        at_ += size;
        left_ -= size;
        return taken;
    }

    std::uint64_t take_length() {
        std::uint64_t length = 0;
        std::memcpy(&length, take(sizeof length), sizeof length);
        return length;
    }

    /// A run whose length comes first.
    std::span<const std::byte> take_run() {
        const std::uint64_t length = take_length();
        return {take(length), length};
    }

    /// The number of elements that follow. None is smaller than a byte: one that lies is found out.
    std::uint64_t take_count() {
        const std::uint64_t count = take_length();
        if (count > left_) [[unlikely]] {
            throw_short_frame(count, left_);
        }
        return count;
    }

    /// One of `count` alternatives.
    std::size_t take_choice(std::size_t count) {
        const auto choice = std::to_integer<std::size_t>(*take(1));
        if (choice >= count) [[unlikely]] {
            throw_bad_choice(choice, count);
        }
        return choice;
    }

    [[nodiscard]] std::size_t left() const { return left_; }

private:
    const std::byte* at_;
    std::size_t left_;
};

inline std::byte* write_length(std::byte* to, std::uint64_t length) {
    std::memcpy(to, &length, sizeof length);
    return to + sizeof length;
}

inline std::byte* write_bytes(std::byte* to, std::span<const std::byte> bytes) {
    if (!bytes.empty()) {
        std::memcpy(to, bytes.data(), bytes.size());
    }
    return to + bytes.size();
}

/// Room yet to be written, as much as a value was measured to take. Writing past its end throws
/// NotShippable instead: code of the program's may say something else the second time, or another
/// thread may have changed the value.
class Writer {
public:
    /// `type`: of the value, for the message.
    Writer(std::span<std::byte> room, const std::type_info& type)
        : at_(room.data()), left_(room.size()), type_(&type) {}

    /// Where the next `size` bytes belong.
    std::byte* take(std::size_t size) {
        // Without [[unlikely]]: to g++ that is one time in ten, and what follows a loop of these is
        // cold. That the call never returns tells it more.
        if (size > left_) {
            throw_longer_than_measured(*type_);
        }
        std::byte* taken = at_;
        at_ += size;
        left_ -= size;
        return taken;
    }

    void put_length(std::uint64_t length) { write_length(take(sizeof length), length); }
    void put_bytes(std::span<const std::byte> bytes) { write_bytes(take(bytes.size()), bytes); }
    /// A run, and before it its length.
    void put_run(std::span<const std::byte> run) {
        write_bytes(write_length(take(sizeof(std::uint64_t) + run.size()), run.size()), run);
    }
    void put_choice(std::size_t choice) { *take(1) = static_cast<std::byte>(choice); }

    [[nodiscard]] std::size_t left() const { return left_; }
    /// Throws NotShippable when there is room left.
    void finish() const {
        if (left_ != 0) {
            throw_shorter_than_measured(*type_, left_);
        }
    }

private:
    std::byte* at_;
    std::size_t left_;
    const std::type_info* type_;
};

template <class T>
consteval bool bytes_are_all() {
    if constexpr (std::is_trivially_copyable_v<T>) {
        return true;
    } else if constexpr (std::is_class_v<T> && std::is_trivially_copy_constructible_v<T> &&
                         std::is_trivially_move_constructible_v<T> &&
                         std::is_trivially_destructible_v<T>) {
        return !std::is_copy_assignable_v<T> && !std::is_move_assignable_v<T>;
    } else {
        return false;
    }
}

/// Its bytes are all there is of it. Not std::is_trivially_copyable: g++ 12 denies that of a lambda
/// with captures once anything has asked whether it can be assigned, as std::thread, std::optional
/// and views do.
template <class T>
concept TriviallyCopyable = bytes_are_all<T>();

/// The object whose bytes lie at `from`, which need not be aligned.
template <TriviallyCopyable T>
[[nodiscard]] T load_bytes(const std::byte* from) {
    constexpr std::size_t size =
        sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
    if constexpr (std::is_trivially_default_constructible_v<T>) {
        T value;  // NOLINT(cppcoreguidelines-pro-type-member-init): all of it is written next
        std::memcpy(static_cast<void*>(std::addressof(value)), from, size);
        return value;
    } else {
        union Image {
            Image() noexcept : bytes{} {}
            std::byte bytes[size];
            T value;
        } image;
        std::memcpy(static_cast<void*>(std::addressof(image.value)), from, size);
        return std::move(image.value);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
