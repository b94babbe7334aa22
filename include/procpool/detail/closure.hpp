#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/detail/closure_check.hpp>
#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// How a callable travels: by its bytes when they are all there is of it, otherwise, as bound
// arguments that own memory, part by part.

/// A callable of which the bytes are enough: a function or member pointer, a lambda or functor that
/// is trivially copyable, a bind of such.
template <class F>
concept ByteClosure = TriviallyCopyable<F>;

template <class F>
inline constexpr bool is_trusted = false;
template <class F>
inline constexpr bool is_trusted<Trusted<F>> = true;

template <class F>
struct BoundTraits;
template <class F>
concept IsBound = requires { typename BoundTraits<F>::Function; };

/// A callable that is put together again from its parts: a functor that is an aggregate or has a
/// serialize() member.
template <class F>
concept ValueClosure = !ByteClosure<F> && !IsBound<F> && std::is_class_v<F> && Encodable<F>;

template <class F>
consteval bool closure_travels() {
    if constexpr (IsBound<F>) {
        return BoundTraits<F>::shippable;  // its bytes may all be there, and be a pointer's
    } else {
        return ByteClosure<F> || ValueClosure<F>;
    }
}
template <class F>
concept Shippable = closure_travels<F>();

/// What is bound that is not a value but a callable itself, and travels as one.
template <class T>
concept CallableArgument =
    is_function_pointer<T> || IsBound<T> ||
    (!Encodable<T> && ByteClosure<T> && std::is_class_v<T> && requires { &T::operator(); });

/// What may be bound.
template <class T>
consteval bool argument_travels() {
    if constexpr (IsBound<T>) {
        return BoundTraits<T>::shippable;
    } else {
        return Encodable<T> || CallableArgument<T>;
    }
}

/// Explains itself for the first of these that cannot be bound.
template <class T, class... Rest>
constexpr void require_arguments() {
    if constexpr (argument_travels<T>()) {
        require_arguments<Rest...>();
    } else if constexpr (IsBound<T>) {
        BoundTraits<T>::require_all();
    } else {
        require_shippable<T>();
    }
}

template <Side side, class F, class... T>
struct BoundTraits<Bound<side, F, T...>> {
    using Function = F;
    static constexpr bool arguments_travel = (argument_travels<T>() && ...);
    static constexpr bool shippable = Shippable<F> && arguments_travel;
    static constexpr void require_all();
    static constexpr bool all_relocatable();
};

/// Explains itself when F cannot travel.
template <class F>
constexpr void require_closure() {
    if constexpr (IsBound<F>) {
        BoundTraits<F>::require_all();
    } else {
        static_assert(
            Shippable<F>,
            "procpool: this callable cannot travel to a running worker because it owns memory, as "
            "a lambda does that captures a std::string or a std::vector by value, or hides what it "
            "has, as a std::function and a std::bind do: let it take what "
            "it captures as arguments behind the item, and pass procpool::bind_back(f, "
            "captured...), or use fork_map, which takes any callable. Instead "
            "of std::function, std::bind and std::bind_front use a lambda, procpool::bind_front or "
            "bind_back");
    }
}

template <Side side, class F, class... T>
constexpr void BoundTraits<Bound<side, F, T...>>::require_all() {
    if constexpr (!arguments_travel) {
        require_arguments<T...>();
    } else {
        require_closure<F>();
    }
}

template <class T>
void check_argument(const T& argument);

/// Throws NotShippable when the bytes of the callable hold an address that means nothing in a
/// worker. Of what is bound only callables are searched: the compiler saw that values hold none.
template <class F>
void check_bytes(const F& f) {
    if constexpr (IsBound<F>) {
        detail::check_bytes(f.function);
        f.arguments.apply([](const auto&... each) { (detail::check_argument(each), ...); });
    } else if constexpr (ByteClosure<F> && std::is_class_v<F> && !std::is_empty_v<F> &&
                         !is_trusted<F>) {
        detail::check_closure(f);
    }
}

template <class T>
void check_argument(const T& argument) {
    if constexpr (CallableArgument<T>) {
        detail::check_bytes(argument);
    }
}

template <class F>
std::size_t closure_size(const F& f) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        return f.arguments.apply([&f](const auto&... each) {
            return (detail::closure_size(f.function) + ... + detail::closure_size(each));
        });
    } else if constexpr (Encodable<F>) {
        return Codec<F>::size(f);
    } else {
        return sizeof(F);
    }
}

template <class F>
std::byte* write_closure(std::byte* to, const F& f) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        to = detail::write_closure(to, f.function);
        f.arguments.apply(
            [&to](const auto&... each) { ((to = detail::write_closure(to, each)), ...); });
        return to;
    } else if constexpr (Encodable<F>) {
        return Codec<F>::write(to, f);
    } else {
        return write_bytes(to, std::as_bytes(std::span{std::addressof(f), 1}));
    }
}

/// Addresses of code are the client's; in a worker of Start::spawn it lies elsewhere.
template <class F>
void relocate(F& f) {
    if constexpr (std::is_pointer_v<F>) {
        f = std::bit_cast<F>(relocated(std::bit_cast<std::uintptr_t>(f)));
    } else if constexpr (std::is_member_function_pointer_v<F>) {
        // Its first word is an address, or the small offset of a virtual function, which stays.
        std::uintptr_t address = 0;
        std::memcpy(&address, &f, sizeof address);
        address = relocated(address);
        std::memcpy(&f, &address, sizeof address);
    } else if constexpr (IsBound<F>) {
        detail::relocate(f.function);
        f.arguments.apply([](auto&... each) { (detail::relocate(each), ...); });
    }
}

/// Is that all there is to relocate in it? Values hold no addresses.
template <class F>
constexpr bool is_relocatable() {
    if constexpr (IsBound<F>) {
        return BoundTraits<F>::all_relocatable();
    } else {
        return !std::is_class_v<F> || std::is_empty_v<F> || Encodable<F>;
    }
}

template <Side side, class F, class... T>
constexpr bool BoundTraits<Bound<side, F, T...>>::all_relocatable() {
    return is_relocatable<F>() && (is_relocatable<T>() && ...);
}

/// Throws DecodeError.
template <class F>
F read_closure(Reader& from);

template <Side side, class F, class... T>
Bound<side, F, T...> read_bound(Reader& from, std::type_identity<Bound<side, F, T...>>) {
    return {read_closure<F>(from), {{read_closure<T>(from)}...}};  // in this order
}

template <class F>
F read_closure(Reader& from) {
    if constexpr (IsBound<F> && !ByteClosure<F>) {
        return read_bound(from, std::type_identity<F>{});
    } else if constexpr (Encodable<F>) {
        return Codec<F>::read(from);
    } else {
        F f = load_bytes<F>(from.take(sizeof(F)));
        detail::relocate(f);
        return f;
    }
}

/// The words of a callable of which it is not known, from its type, that they are no addresses of
/// code; copied, for where the callable travels part by part.
struct CollectedCode {
    std::vector<std::byte> all;
    std::vector<std::byte> fixed;

    template <class F>
    void collect(const F& f) {
        if constexpr (IsBound<F>) {
            collect(f.function);
            f.arguments.apply([this](const auto&... each) { (this->collect(each), ...); });
        } else if constexpr (ByteClosure<F> && !Encodable<F> && !std::is_empty_v<F>) {
            const auto bytes = std::as_bytes(std::span{std::addressof(f), 1});
            append(all, bytes);
            if constexpr (!is_relocatable<F>()) {
                append(fixed, bytes);
            }
        }
    }

private:
    /// Each part begins at a whole word, as it does in the callable.
    static void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
        to.insert(to.end(), bytes.begin(), bytes.end());
        to.resize((to.size() + sizeof(void*) - 1) / sizeof(void*) * sizeof(void*));
    }
};

/// Does the engine find the words in the closure as it travels?
template <class F>
inline constexpr bool travels_as_code = ByteClosure<F> && (!IsBound<F> || is_relocatable<F>());

/// The words of `f`, which travels as `closure`; in `collected` where they are not found there.
template <class F>
CodeWords code_of(const F& f, std::span<const std::byte> closure, CollectedCode& collected) {
    if constexpr (travels_as_code<F>) {
        return {closure, is_relocatable<F>() ? std::span<const std::byte>() : closure};
    } else {
        collected.collect(f);
        return {collected.all, collected.fixed};
    }
}

/// Callables up to this size are copied to the thunk's stack for every claim: there the compiler
/// knows that nothing else changes them, and one with mutable members does not fault on read-only
/// memory. Others are made once in every worker.
inline constexpr std::size_t small_closure = 256;

template <class F>
inline constexpr bool is_prepared = !ByteClosure<F> || sizeof(F) > small_closure ||
                                    alignof(F) > alignof(std::max_align_t);

template <class F>
constexpr Prepare prepare_closure() {
    if constexpr (is_prepared<F>) {
        return {.open = [](std::span<const std::byte> bytes) -> void* {
                    Reader from{bytes};
                    return new F(read_closure<F>(from));
                },
                .close = [](void* f) { delete static_cast<F*>(f); }};
    } else {
        return {};
    }
}

/// The callable of a job, in a worker, for as long as a thunk runs.
template <class F>
class OpenClosure {
public:
    explicit OpenClosure(const Run& run) : f_(load_bytes<F>(run.closure)) { detail::relocate(f_); }
    [[nodiscard]] const F& get() const { return f_; }

private:
    F f_;
};

template <class F>
requires is_prepared<F>
class OpenClosure<F> {
public:
    explicit OpenClosure(const Run& run) : f_(static_cast<const F*>(run.prepared)) {}
    [[nodiscard]] const F& get() const { return *f_; }

private:
    const F* f_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
