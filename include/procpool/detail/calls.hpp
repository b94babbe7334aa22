#pragma once

#include <cstdlib>
#include <type_traits>
#include <vector>

#include <procpool/detail/closure/kinds.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/slices.hpp>
#include <procpool/detail/thunk.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// The types of a call, and whether it can be made.

/// What a refused call returns whose own type is not known: it fits everywhere, so that the
/// compiler finds no fault but the one it was told. Never made.
struct Refused {
    template <class T>
    operator T() const {
        std::abort();
    }
};

/// The result of a callable, Refused if it cannot be called.
template <class How, class F, class Item>
struct ResultIfCalled {
    using type = Refused;
    using Returned = Refused;
};
template <class How, class F, class Item>
requires(can_be_called<How, F, Item>())
struct ResultIfCalled<How, F, Item> {
    using type = ResultOf<How, F, Item>;
    using Returned = ReturnOf<How, F, Item>;
};

/// Types of a call of F on items of type T, and whether a pool can make it.
template <class How, class F, class T>
struct CallOf {
    using Task = ShippedTask<F, T, How>;
    using FedTask = ShippedTask<F, T, How, UnpackedFed<T>>;
    using Result = typename ResultIfCalled<How, F, T>::type;
    using Returned = typename ResultIfCalled<How, F, T>::Returned;  // before it decays

    static consteval bool is_accepted() {
        return Shippable<F> && Encodable<T> && can_be_called<How, F, T>();
    }
    /// Explains itself, of what stands against it the first.
    static constexpr void require() {
        if constexpr (!Shippable<F>) {
            require_closure<F>();
        } else if constexpr (!Encodable<T>) {
            require_shippable<T>();
        } else {
            require_callable<How, F, T>();
        }
    }
};

/// A call of F on the items of a range.
template <class How, class F, class Range>
struct CallOver {
    using Result = Refused;

    static consteval bool is_accepted() { return false; }
    static constexpr void require() { require_range<Range>(); }
};
template <class How, class F, AnyRange Range>
struct CallOver<How, F, Range> : CallOf<How, F, Item<Range>> {};
template <class How, class F, AnyRange Range>
requires std::is_array_v<Item<Range>>
struct CallOver<How, F, Range> {
    using Result = Refused;

    static consteval bool is_accepted() { return false; }
    static constexpr void require() {
        static_assert(!std::is_array_v<Item<Range>>,
                      "procpool: the items of this range are C arrays, which nothing can return: "
                      "make them std::array, or use fork_map");
    }
};

/// Can the call be made, and R travel back?
template <class Call, class R>
consteval bool is_accepted() {
    bool accepted = false;
    if constexpr (Call::is_accepted()) {
        if constexpr (std::is_void_v<R>) {
            accepted = true;
        } else if constexpr (Encodable<R>) {
            accepted = !has_slice<R, false>();
        }
    }
    return accepted;
}

template <class T>
T never_made() {
    std::abort();
}

/// Explains itself when is_accepted<Call, R>() is false. The return type is that of the call,
/// Value, as far as it is known. All that follows from the mistake must not be compiled: a person
/// is told once.
template <class Call, class R, class Value>
auto refuse() {
    if constexpr (!Call::is_accepted()) {
        Call::require();
    } else if constexpr (!Encodable<R>) {
        require_shippable<R>();
    } else {
        static_assert(!has_slice<R, false>(),
                      "procpool: a shared_span travels to workers, not back from them: return a "
                      "std::vector of its elements, or where they begin");
    }
    if constexpr (std::is_same_v<typename Call::Result, Refused>) {
        return never_made<Refused>();
    } else {
        return never_made<Value>();
    }
}

/// What a map returns whose callable returns R.
template <class R>
using MapValue = std::conditional_t<std::is_void_v<R>, void, std::vector<R>>;

}  // namespace detail
PROCPOOL_END_NAMESPACE
