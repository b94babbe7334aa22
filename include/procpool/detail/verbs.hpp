#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/async_result.hpp>
#include <procpool/detail/calls.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// The verbs of a Pool: what is told of them there is done here.

/// All of a job but its thunk.
template <class F, class Range>
void prepare(Draft& draft, F& f, Range& range, const MapOptions& options) {
    require_end<Range>();
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
        set_journal<Item<Range>, R>(draft.spec, options.journal, JournalForm::value);
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
        set_journal<Item<Range>, R>(draft.spec, options.journal, JournalForm::value);
        auto sink = std::make_shared<MapSink<R>>(draft.spec.count);
        return AsyncResult<MapValue<R>>(engine, draft.spec, std::move(sink), options.progress);
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
        set_journal<Item<Range>, void>(draft.spec, options.journal, JournalForm::value);
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
        set_accounted_map<typename Call::Task, R>(draft.spec);
        set_journal<Item<Range>, R>(draft.spec, options.journal, JournalForm::accounted);
        return run(engine, draft, OutcomeSink<R>(draft.spec.count), options.progress);
    }
}

template <class F, class Range>
auto try_map_async(const std::shared_ptr<Engine>& engine, F& f, Range& range,
                   const MapOptions& options) {
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    using R = typename Call::Result;
    using Value = std::vector<Outcome<R>>;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, AsyncResult<Value>>();
    } else {
        Draft draft;
        prepare(draft, f, range, options);
        set_accounted_map<typename Call::Task, R>(draft.spec);
        set_journal<Item<Range>, R>(draft.spec, options.journal, JournalForm::accounted);
        auto sink = std::make_shared<OutcomeSink<R>>(draft.spec.count);
        return AsyncResult<Value>(engine, draft.spec, std::move(sink), options.progress);
    }
}

/// A call on arguments instead of items.
template <class F, class... A>
using CallWith = CallOf<SpreadItem, std::decay_t<F>, std::tuple<Kept<A&>...>>;

/// `accounted`: its sink takes the account of it as well.
template <class Call, bool accounted = false, class F, class... A>
void prepare_call(Draft& draft, const TaskOptions& options, F& f, A&... arguments) {
    set_options(draft.spec, options);
    set_closure<std::decay_t<F>>(draft, f);
    pack_arguments<Kept<A&>...>(draft, KeptAs<A&>::keep(arguments)...);
    if constexpr (accounted) {
        set_accounted_map<typename Call::Task, typename Call::Result>(draft.spec);
    } else {
        set_map<typename Call::Task, typename Call::Result>(draft.spec);
    }
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
auto try_apply(Engine& engine, const TaskOptions& options, F& f, A&... arguments) {
    using Call = CallWith<F, A...>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, Outcome<R>>();
    } else {
        Draft draft;
        prepare_call<Call, true>(draft, options, f, arguments...);
        return std::move(run(engine, draft, OutcomeSink<R>(1)).front());
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
        prepare_call<Call, true>(draft, options, f, arguments...);
        auto sink = std::make_shared<SubmitSink<R>>();
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
