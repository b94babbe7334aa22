#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <typeinfo>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Throws NotShippable when an aligned word of a closure's bytes points into memory that this
/// process does not share with a worker: its stacks, its heap, its variables, any writable private
/// mapping. Addresses of code, of read-only data and of the shared region pass, and so does what is
/// no address of anything. `bytes` begins at a word boundary; `type` is named in the message.
///
/// Conservative, as a garbage collector is: an integer that happens to be such an address is
/// refused (trust() helps), and a pointer that is not stored as one is not seen. Costs nanoseconds,
/// and a system call for a word that could be an address; only to refuse, or to let pass what
/// points into an unusual place, it reads /proc/self/maps. When that cannot be read, the word is
/// refused. Any thread.
void check_closure(std::span<const std::byte> bytes, const std::type_info& type);

/// The bytes of a T of which those that are padding are being found out.
template <class T>
requires(sizeof(T) % sizeof(void*) == 0)
struct ClosureCopy {
    alignas(T) alignas(void*) std::array<std::byte, sizeof(T)> bytes;

    explicit ClosureCopy(const T& original) {
        std::memcpy(bytes.data(), std::addressof(original), sizeof(T));
        clear_padding();
    }

    T* object() { return reinterpret_cast<T*>(bytes.data()); }

private:
#if __has_builtin(__builtin_clear_padding)
    void clear_padding() {
        if constexpr (sizeof(T) <= 4096) {
            // What g++ 12 does not take for trivially copyable may only be a variable.
            T copy = detail::load_bytes<T>(bytes.data());
            __builtin_clear_padding(&copy);
            std::memcpy(bytes.data(), std::addressof(copy), sizeof(T));
        } else {
            __builtin_clear_padding(object());
        }
    }
#elif defined(__clang__) && __clang_major__ >= 15  // before, __builtin_dump_struct only printed
    // Clang before 23 tells the padding only by telling the members: __builtin_dump_struct calls
    // back with each of them, at any depth of base classes. Scalars come as themselves; classes,
    // unions and arrays as a pointer to them; a reference as a pointer to what it refers to, by
    // whose value its word is found. Bit-fields come as copies, and are no pointers: they are
    // cleared with the padding.
    std::array<bool, sizeof(T)> live_{};

    [[nodiscard]] bool is_inside(const void* address) const {
        const auto* at = static_cast<const std::byte*>(address);
        return at >= bytes.data() && at < bytes.data() + sizeof(T);
    }

    void mark(const void* begin, std::size_t size) {
        const auto from =
            static_cast<std::size_t>(static_cast<const std::byte*>(begin) - bytes.data());
        for (std::size_t i = 0; i < size; ++i) {
            live_[from + i] = true;
        }
    }

    void mark_reference(const void* target) {
        for (std::size_t word = 0; word < sizeof(T); word += sizeof target) {
            if (std::memcmp(bytes.data() + word, &target, sizeof target) == 0) {
                mark(bytes.data() + word, sizeof target);
            }
        }
    }

    template <class Member>
    void mark_member(const Member* member) {
        if constexpr (std::is_array_v<Member>) {
            for (const auto& element : *member) {
                mark_member(std::addressof(element));
            }
        } else if constexpr (std::is_class_v<Member>) {
            mark_members_of(member);
        } else if constexpr (std::is_same_v<std::remove_cv_t<Member>, long double> &&
                             std::numeric_limits<long double>::digits == 64) {
            mark(member, 10);
        } else {
            mark(member, sizeof(Member));
        }
    }

    template <class Told>
    void take(const volatile Told& told) {
        if (const auto* member = plain(std::addressof(told)); is_inside(member)) {
            mark_member(member);
        } else if constexpr (std::is_pointer_v<Told>) {
            using Pointee = std::remove_pointer_t<Told>;
            if constexpr (requires { requires sizeof(Pointee) <= sizeof(T); }) {
                if (is_inside(plain(told))) {
                    return mark_member(plain(told));
                }
            }
            if constexpr (!std::is_function_v<Pointee>) {
                mark_reference(plain(told));
            }
        }
    }

    template <class Any>
    static const std::remove_cv_t<Any>* plain(Any* pointer) {
        return const_cast<const std::remove_cv_t<Any>*>(pointer);
    }

    template <class Class>
    void mark_members_of(const Class* object) {
        __builtin_dump_struct(object, [this](const auto&... told) { (this->take(told), ...); });
    }

    void clear_padding() {
        if constexpr (std::is_class_v<T>) {
            mark_members_of(object());
            for (std::size_t i = 0; i < sizeof(T); ++i) {
                if (!live_[i]) {
                    bytes[i] = std::byte{0};
                }
            }
        }
    }
#else
    void clear_padding() {}
#endif
};

/// Checks the bytes of a trivially copyable callable, its padding aside: what an earlier object
/// left there is no capture. The members of a union, of an optional or of a variant count all as
/// alive.
template <TriviallyCopyable F>
void check_closure(const F& f) {
    if constexpr (!std::is_empty_v<F> && alignof(F) >= alignof(void*)) {
        if constexpr (std::has_unique_object_representations_v<F>) {
            check_closure(std::as_bytes(std::span(std::addressof(f), 1)), typeid(F));
        } else if constexpr (sizeof(F) <= 1024) {
            check_closure(ClosureCopy<F>(f).bytes, typeid(F));
        } else {
            check_closure(std::make_unique<ClosureCopy<F>>(f)->bytes, typeid(F));
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
