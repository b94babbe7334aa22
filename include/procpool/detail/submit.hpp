#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/closure.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/items.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/progress.hpp>
#include <procpool/detail/sinks.hpp>
#include <procpool/detail/thunk.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// From a call of the user's to a job of the engine's ----------------------------------------------

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
};
template <class How, class F, class Item>
requires(can_be_called<How, F, Item>())
struct ResultIfCalled<How, F, Item> {
    using type = ResultOf<How, F, Item>;
};

/// Types of a call of F on items of type T, and whether a pool can make it.
template <class How, class F, class T>
struct CallOf {
    using Task = ShippedTask<F, T, How>;
    using Result = typename ResultIfCalled<How, F, T>::type;

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
    if constexpr (Call::is_accepted()) {
        return std::is_void_v<R> || Encodable<R>;
    } else {
        return false;
    }
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
    } else {
        require_shippable<R>();
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

template <class R>
inline constexpr bool is_optional = false;
template <class R>
inline constexpr bool is_optional<std::optional<R>> = true;

/// The options of a call, checked. Throws std::invalid_argument.
template <class Options>
void set_options(JobSpec& spec, const Options& options) {
    if constexpr (requires { options.chunksize; }) {
        check_options(options.chunksize, options.timeout, options.retries);
        spec.chunksize = options.chunksize;
        spec.fail_fast = options.fail_fast;
    } else {
        check_options(1, options.timeout, options.retries);
        spec.chunksize = 1;
    }
    spec.timeout = options.timeout;
    spec.retries = options.retries;
}

/// Throws NotShippable.
template <class F>
void set_closure(Draft& draft, const F& f) {
    detail::check_bytes(f);
    draft.spec.prepare = prepare_closure<F>();
    if constexpr (!std::is_class_v<F>) {  // `f` may be temporary: what a function decayed to
        static_assert(sizeof f <= sizeof draft.pointer);
        std::memcpy(draft.pointer, &f, sizeof f);
        draft.spec.closure = {draft.pointer, sizeof f};
    } else if constexpr (ByteClosure<F>) {
        draft.spec.closure = std::as_bytes(std::span{std::addressof(f), 1});
    } else {
        draft.closure.resize(detail::closure_size(f));
        detail::write_closure(draft.closure.data(), f);
        draft.spec.closure = draft.closure;
    }
    draft.spec.code = detail::code_of(f, draft.spec.closure, draft.code);
}

/// The thunk of a map and how its results travel.
template <class Task, class R>
void set_map(JobSpec& spec) {
    spec.thunk = &map_thunk<Task, R, FixedResult<R>>;
    if constexpr (FixedResult<R>) {
        spec.result_stride = Codec<R>::fixed_size;
    }
}

/// The same for results that are written in place.
template <class Task, Trivial R>
void set_map_into(JobSpec& spec, std::span<std::byte> out) {
    spec.thunk = &map_thunk<Task, R, true>;
    spec.result_stride = sizeof(R);
    spec.in_place = out.data();
    spec.in_place_size = out.size();
}

template <class Task, class R>
void set_find(JobSpec& spec) {
    spec.thunk = &find_thunk<Task, R>;
    spec.result_stride = Finding<R>::stride;
}

/// What collects the results of a map: a vector, or for void nothing.
template <class R>
auto make_map_sink(std::uint64_t count) {
    if constexpr (std::is_void_v<R>) {
        return std::make_shared<DoneSink>();
    } else {
        return std::make_shared<VectorSink<R>>(count);
    }
}

/// Starts the job, waits for it, takes what it came to.
template <class Sink>
typename Sink::Value run_to_end(Engine& engine, Draft& draft, const std::shared_ptr<Sink>& sink,
                                const Progress& progress) {
    const std::uint64_t count = draft.spec.count;
    draft.spec.sink = sink;
    draft.spec.waited = true;
    const JobHandle job = engine.start(std::move(draft.spec));
    try {
        wait_showing(engine, job, count, progress);
    } catch (...) {
        engine.abandon(job);  // nobody waits for it any more
        throw;
    }
    if constexpr (Sink::may_be_certain_early) {
        engine.abandon(job);  // what still runs is not needed
    }
    return sink->take();
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
