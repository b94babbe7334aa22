#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/detail/closure/kinds.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

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
    static void append(std::vector<std::byte>& to, std::span<const std::byte> bytes);
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

}  // namespace detail
PROCPOOL_END_NAMESPACE
