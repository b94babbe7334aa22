#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/closure.hpp>
#include <procpool/detail/codec.hpp>
#include <procpool/detail/invoke.hpp>
#include <procpool/detail/items.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>
#include <procpool/detail/views.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// How a callable takes an item --------------------------------------------------------------------

/// f(item)
struct WholeItem {
    template <class Item>
    static constexpr bool takes = true;
    template <class F, class Item>
    static constexpr bool accepts = std::is_invocable_v<F, Item>;
    template <class F, class Item>
    static constexpr decltype(auto) apply(F&& f, Item&& item) {
        return detail::call(std::forward<F>(f), std::forward<Item>(item));
    }
};

template <class F, class Item,
          class Indices = std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Item>>>>
struct AcceptsElements;
template <class F, class Item, std::size_t... Is>
struct AcceptsElements<F, Item, std::index_sequence<Is...>>
    : std::is_invocable<F, decltype(std::get<Is>(std::declval<Item>()))...> {};

/// f(the item's elements...), for starmap and apply
struct SpreadItem {
    template <class Item>
    static constexpr bool takes = requires { std::tuple_size<std::remove_cvref_t<Item>>::value; };
    template <class F, class Item>
    static constexpr bool accepts = AcceptsElements<F, Item>::value;

    template <class F, class Item>
    static constexpr decltype(auto) apply(F&& f, Item&& item) {
        return spread(std::forward<F>(f), std::forward<Item>(item),
                      std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Item>>>{});
    }

private:
    template <class F, class Item, std::size_t... Is>
    static constexpr decltype(auto) spread(F&& f, Item&& item, std::index_sequence<Is...>) {
        return detail::call(std::forward<F>(f), std::get<Is>(std::forward<Item>(item))...);
    }
};

template <class How, class F, class Item>
consteval bool can_be_called() {
    if constexpr (How::template takes<Item>) {
        return How::template accepts<const F&, Item>;
    } else {
        return false;
    }
}

/// Explains itself when F cannot be called with what a worker passes.
template <class How, class F, class Item>
constexpr void require_callable() {
    if constexpr (!How::template takes<Item>) {
        static_assert(How::template takes<Item>,
                      "procpool: starmap is for items that are tuples, pairs or arrays, whose "
                      "elements it passes one by one: use map, which passes the item as it is");
    } else if constexpr (!How::template accepts<const F&, Item>) {
        static_assert(
            !How::template accepts<F&, Item>,
            "procpool: the callable is invoked as const, but only a non-const one can be called: a "
            "mutable lambda's state would start afresh in every worker; take what varies from the "
            "item, and random numbers from this_task::seed()");
        static_assert(
            How::template accepts<F&, Item> || std::is_same_v<How, WholeItem>,
            "procpool: the callable cannot be called with these arguments (of starmap: with the "
            "elements of an item), in number or in type: it gets each as T&&, so it takes T, const "
            "T& or T&&, and no other argument without a value bound to it (bind_back; default "
            "arguments of a function are lost in a pointer to it); a string literal is passed as "
            "std::string");
        static_assert(
            How::template accepts<F&, Item> || !std::is_same_v<How, WholeItem>,
            "procpool: the callable cannot be called with an item of the range: it gets T&&, so it "
            "takes T, const T& or T&&, and no other argument without a value bound to it "
            "(bind_back; default arguments of a function are lost in a pointer to it); a string "
            "literal is passed as std::string");
    }
}

template <class How, class F, class Item>
using ReturnOf = decltype(How::apply(std::declval<const F&>(), std::declval<Item>()));
template <class How, class F, class Item>
using ResultOf = std::decay_t<ReturnOf<How, F, Item>>;

// What a thunk runs -------------------------------------------------------------------------------

/// The value of a call, made before the item is gone to which the call may have returned a
/// reference.
template <class R, class How, class F, class Item>
R value_of_call(const F& f, Item&& item) {
    if constexpr (std::is_void_v<R>) {
        static_cast<void>(How::apply(f, std::forward<Item>(item)));
    } else {
        return static_cast<R>(How::apply(f, std::forward<Item>(item)));
    }
}

/// A shipped callable on shipped items.
template <class F, class T, class How, class ItemReader = Items<T>>
class ShippedTask {
public:
    explicit ShippedTask(const Run& run) : f_(run), items_(run) {}

    template <class R>
    R run(std::uint64_t i) {
        if constexpr (std::is_same_v<How, WholeItem>) {
            return value_of_call<R, How>(f_.get(), item_for<F, T>(items_, i));
        } else {
            return value_of_call<R, How>(f_.get(), items_(i));
        }
    }

private:
    OpenClosure<F> f_;
    ItemReader items_;
};

/// How the result of an item travels with the account of its try.
template <class R>
struct AccountedResult {
    using type = std::pair<Account, R>;
};
template <>
struct AccountedResult<void> {
    using type = Account;
};
template <class R>
using Accounted = typename AccountedResult<R>::type;

/// Another task with the account of each try. run<W> is asked for with an Accounted<R>.
template <class Task, class R>
class AccountedTask {
public:
    explicit AccountedTask(Run& run) : run_(&run), task_(run) {}

    template <class W>
    W run(std::uint64_t i) {
        const std::uint64_t began = now_ns();
        run_->time_from(began);
        if constexpr (std::is_void_v<R>) {
            task_.template run<void>(i);
            return account_of(i, began);
        } else {
            R value = task_.template run<R>(i);
            return W(account_of(i, began), std::move(value));
        }
    }

private:
    static std::uint64_t now_ns() {
        return static_cast<std::uint64_t>(
            std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
    }
    [[nodiscard]] Account account_of(std::uint64_t i, std::uint64_t began) const {
        return {static_cast<std::int64_t>(now_ns() - began), run_->attempts(i), 0};
    }

    Run* run_;
    Task task_;
};

/// Encodes variable-sized results; keeps its memory from item to item.
class Encoder {
public:
    /// Valid as long as the result, and until the next one.
    template <Encodable R>
    std::span<const std::byte> encode(const R& result) {
        if constexpr (OneRun<R>) {
            return Codec<R>::bytes(result);
        } else if constexpr (Trivial<R>) {
            return std::as_bytes(std::span{std::addressof(result), 1});
        } else {
            frame_.resize(Codec<R>::size(result));
            detail::write_measured<R>(frame_.data(), frame_.size(), result);
            return frame_;
        }
    }

private:
    std::vector<std::byte> frame_;
};

/// Results that lie side by side, instead of each in a frame.
template <class R>
concept FixedResult = FixedSize<R> && (Codec<R>::fixed_size <= max_fixed_result);

/// The thunk of a map: Task is made of a Run, and task.run<R>(i) calls for item i. R is void,
/// stored where it belongs, or emitted.
template <class Task, class R, bool stored>
void map_thunk(Run& run) {
    constexpr bool emitted = !stored && !std::is_void_v<R>;
    Task task(run);
    [[maybe_unused]] std::conditional_t<emitted, Encoder, std::tuple<>> encoder;
    for (; run.next < run.last; ++run.next) {
        const std::uint64_t i = run.next;
        run.begin(i);
        if constexpr (std::is_void_v<R>) {
            task.template run<void>(i);
            run.end(i);
        } else {
            const R result = task.template run<R>(i);
            if constexpr (emitted) {
                // Encoding may be code of the user's: it belongs to the item, and to its time.
                const std::span<const std::byte> bytes = encoder.encode(result);
                run.end(i);
                run.emit(bytes);
            } else {
                run.end(i);
                detail::write_fixed<R>(run.result(i), result);
            }
        }
    }
}

/// What one item of a search gave, as it is shipped: a flag, then the value if there is one. Of
/// fixed size where that is small; otherwise an item that found nothing emits nothing.
template <Encodable R>
struct Finding {
    static constexpr bool is_fixed = FixedSize<R> && Codec<R>::fixed_size <= 64;
    static constexpr std::size_t stride = is_fixed ? 1 + Codec<R>::fixed_size : 0;

    static std::optional<R> read(std::span<const std::byte> bytes) {
        if (bytes.empty() || bytes[0] == std::byte{0}) {
            return std::nullopt;
        }
        Reader from{bytes.subspan(1)};
        return Codec<R>::read(from);
    }
};

/// The thunk of a search: Task returns a std::optional<R>. The first that has a value closes the
/// job, and what is left of the range then counts as done: an item after a find is of no interest,
/// even to a search for the first.
template <class Task, class R>
void find_thunk(Run& run) {
    Task task(run);
    [[maybe_unused]] std::vector<std::byte> frame;
    const auto store_nothing = [](const Run& at) {
        if constexpr (Finding<R>::is_fixed) {
            *at.result(at.next) = std::byte{0};
        }
    };
    for (; run.next < run.last; ++run.next) {
        run.begin(run.next);
        const auto found = task.template run<std::optional<R>>(run.next);
        if (!found) [[likely]] {
            run.end(run.next);
            store_nothing(run);
            continue;
        }
        if constexpr (Finding<R>::is_fixed) {
            run.end(run.next);
            std::byte* const to = run.result(run.next);
            *to = std::byte{1};
            detail::write_fixed<R>(to + 1, *found);
        } else {
            frame.resize(1 + Codec<R>::size(*found));
            frame[0] = std::byte{1};
            detail::write_measured<R>(frame.data() + 1, frame.size() - 1, *found);
            run.end(run.next);
            run.emit(frame);
        }
        run.stop();
        for (++run.next; run.next < run.last; ++run.next) {
            store_nothing(run);
        }
        return;
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
