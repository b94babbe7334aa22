#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/closure.hpp>
#include <procpool/detail/draft.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/items.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/thunk.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// From a call of the user's to a job of the engine's: the parts of the job ------------------------

// The options of a call, checked. These throw std::invalid_argument.
[[gnu::hot]] void set_options(JobSpec& spec, const MapOptions& options);
void set_options(JobSpec& spec, const ForkMapOptions& options);
[[gnu::hot]] void set_options(JobSpec& spec, const TaskOptions& options);

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
        keep_slices<true>(draft.spec, [&] {
            detail::write_closure(f, [&](std::size_t size) { return draft.reserve_closure(size); });
        });
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

/// The same with an account of each item.
template <class Task, class R>
void set_accounted_map(JobSpec& spec) {
    set_map<AccountedTask<Task, R>, Accounted<R>>(spec);
    spec.accounted = true;
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

// The job in the hands of the engine --------------------------------------------------------------

/// Starts the job and waits until it is resolved, or certain if `certain_early`: what still runs
/// then is not needed. The sink is the caller's, and hears nothing more after the return.
[[gnu::hot]] void run_to_end(Engine& engine, JobSpec& spec, AnyCollector& sink, bool certain_early,
                             const Progress& progress);

/// The same, and takes what it came to.
template <class Collected>
auto run(Engine& engine, Draft& draft, Collected&& sink, const Progress& progress = {}) {
    constexpr bool certain_early = std::remove_cvref_t<Collected>::may_be_certain_early;
    run_to_end(engine, draft.spec, sink, certain_early, progress);
    return sink.take();
}

/// Starts the job, of one item, in every worker, and waits for all; then throws the error of the
/// first worker that has one.
void run_in_each_worker(Engine& engine, JobSpec& spec);

}  // namespace detail
PROCPOOL_END_NAMESPACE
