#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/async_result.hpp>
#include <procpool/detail/calls.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE

template <class T>
class shared_vector;

namespace detail {

// The verbs of a Pool: what is told of them there is done here.

/// All of a job but its thunk.
template <class F, class Range>
void prepare(Draft& draft, F& f, Range& range, const MapOptions& options) {
    set_options(draft.spec, options);
    set_closure<std::decay_t<F>>(draft, f);
    pack<Item<Range>>(draft, range);
}

template <class How, class F, class Range>
auto map(Engine& engine, F& f, Range& range, const MapOptions& options) {
    using Call = CallOver<How, std::decay_t<F>, Range>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, MapValue<R>>();
    } else {
        Draft draft;
        prepare(draft, f, range, options);
        set_map<typename Call::Task, R>(draft.spec);
        return run(engine, draft, MapSink<R>(draft.spec.count), options.progress);
    }
}

template <class How, class F, class Range>
auto map_async(const std::shared_ptr<Engine>& engine, F& f, Range& range,
               const MapOptions& options) {
    using Call = CallOver<How, std::decay_t<F>, Range>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, AsyncResult<MapValue<R>>>();
    } else {
        Draft draft;
        prepare(draft, f, range, options);
        set_map<typename Call::Task, R>(draft.spec);
        auto sink = std::make_shared<MapSink<R>>(draft.spec.count);
        return AsyncResult<MapValue<R>>(engine, draft.spec, std::move(sink));
    }
}

template <class F, class Range>
void for_each(Engine& engine, F& f, Range& range, const MapOptions& options) {
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    if constexpr (!is_accepted<Call, void>()) {
        refuse<Call, void, void>();
    } else {
        Draft draft;
        prepare(draft, f, range, options);
        set_map<typename Call::Task, void>(draft.spec);
        run(engine, draft, DoneSink(), options.progress);
    }
}

template <class F, class Range, class R>
void map_into(Engine& engine, F& f, Range& range, shared_vector<R>& out,
              const MapOptions& options) {
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    constexpr bool fits = std::is_convertible_v<typename Call::Result, R>;
    if constexpr (!is_accepted<Call, void>()) {
        refuse<Call, void, void>();
    } else if constexpr (!fits) {
        static_assert(fits,
                      "procpool: what the callable returns does not convert to the elements of "
                      "the output");
    } else {
        if (static_cast<const void*>(std::addressof(range)) == std::addressof(out)) {
            throw std::invalid_argument("procpool: map_into cannot write over its own input");
        }
        Draft draft;
        prepare(draft, f, range, options);
        using Output = SharedStorage<shared_vector<R>>;
        set_map_into<typename Call::Task, R>(draft.spec,
                                             Output::resize_for_overwrite(out, draft.spec.count));
        draft.spec.keep_output = Output::keep(out);
        run(engine, draft, DoneSink(), options.progress);
    }
}

template <class F, class Range>
auto try_map(Engine& engine, F& f, Range& range, const MapOptions& options) {
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, std::vector<Outcome<R>>>();
    } else {
        Draft draft;
        prepare(draft, f, range, options);
        set_map<typename Call::Task, R>(draft.spec);
        return run(engine, draft, OutcomeSink<R>(draft.spec.count), options.progress);
    }
}

template <class R>
inline constexpr bool is_optional = false;
template <class R>
inline constexpr bool is_optional<std::optional<R>> = true;

/// `lowest`: the find of the lowest index; otherwise any.
template <class F, class Range>
auto find(Engine& engine, F& f, Range& range, const MapOptions& options, bool lowest) {
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    using Result = typename Call::Result;
    if constexpr (!is_accepted<Call, void>()) {
        return refuse<Call, void, Result>();
    } else if constexpr (!is_optional<Result>) {
        static_assert(is_optional<Result>,
                      "procpool: a callable for find_first and find_any returns a "
                      "std::optional: the value that was looked for, or nothing");
        return never_made<Refused>();
    } else {
        using R = typename Result::value_type;
        if constexpr (!Encodable<R>) {
            return refuse<Call, R, Result>();
        } else {
            Draft draft;
            prepare(draft, f, range, options);
            set_find<typename Call::Task, R>(draft.spec);
            // An item before the find may give a better one.
            draft.spec.finishes_claimed = lowest;
            return run(engine, draft, FindSink<R>(lowest), options.progress);
        }
    }
}

/// A call on arguments instead of items.
template <class F, class... A>
using CallWith = CallOf<SpreadItem, std::decay_t<F>, std::tuple<Kept<A&>...>>;

template <class Call, class F, class... A>
void prepare_call(Draft& draft, const TaskOptions& options, F& f, A&... arguments) {
    set_options(draft.spec, options);
    set_closure<std::decay_t<F>>(draft, f);
    pack_arguments<Kept<A&>...>(draft, KeptAs<A&>::keep(arguments)...);
    set_map<typename Call::Task, typename Call::Result>(draft.spec);
}

template <class F, class... A>
auto apply(Engine& engine, const TaskOptions& options, F& f, A&... arguments) {
    using Call = CallWith<F, A...>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, R>();
    } else {
        Draft draft;
        prepare_call<Call>(draft, options, f, arguments...);
        return run(engine, draft, CallSink<R>());
    }
}

template <class F, class... A>
auto submit(const std::shared_ptr<Engine>& engine, const TaskOptions& options, F& f,
            A&... arguments) {
    using Call = CallWith<F, A...>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, AsyncResult<R>>();
    } else {
        Draft draft;
        prepare_call<Call>(draft, options, f, arguments...);
        auto sink = std::make_shared<CallSink<R>>();
        return AsyncResult<R>(engine, draft.spec, std::move(sink));
    }
}

template <class F>
void for_each_worker(Engine& engine, F& f) {
    using Call = CallWith<F>;
    if constexpr (!is_accepted<Call, void>()) {
        refuse<Call, void, void>();
    } else {
        Draft draft;
        set_closure<std::decay_t<F>>(draft, f);
        pack_arguments<>(draft);
        set_map<typename Call::Task, void>(draft.spec);
        run_in_each_worker(engine, draft.spec);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
