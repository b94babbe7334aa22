#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <type_traits>

#include <procpool/detail/calls.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/sinks.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/detail/verbs.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE

template <class T>
class shared_vector;

namespace detail {

// What is told of map_into in Pool is done here.

/// Is F called with an item and the slice of R's that is to be its result?
template <class F, class Range, class R>
consteval bool takes_slices() {
    if constexpr (AnyRange<Range> && Shippable<F>) {
        using T = Item<Range>;
        if constexpr (Encodable<T> && !std::is_array_v<T>) {
            return std::is_invocable_v<const F&, T, std::span<R>>;
        }
    }
    return false;
}

/// The thunk of a map whose items write their results, each to its slice of the output.
template <class F, class T, class R>
void slices_thunk(Run& run) {
    const OpenClosure<F> f(run);
    Items<T> items(run);
    for (; run.next < run.last; ++run.next) {
        const std::uint64_t i = run.next;
        std::byte* const slice = run.result(i);
        const auto size = static_cast<std::size_t>(run.result(i + 1) - slice);
        run.begin(i);
        static_cast<void>(detail::call(f.get(), item_for<F, T>(items, i),
                                       std::span(reinterpret_cast<R*>(slice), size / sizeof(R))));
        run.end(i);
    }
}

/// Results are slices of so many bytes, each written by its item.
template <class F, class T, Trivial R>
void set_map_into_slices(JobSpec& spec, std::span<std::byte> out, std::size_t slice) {
    spec.thunk = &slices_thunk<F, T, R>;
    spec.result_stride = slice;
    spec.in_place = out.data();
    spec.in_place_size = out.size();
}

template <class Range, class Output>
void require_other(const Range& range, const Output& out) {
    if (static_cast<const void*>(std::addressof(range)) == std::addressof(out)) {
        throw std::invalid_argument("procpool: map_into cannot write over its own input");
    }
}

/// Each item is given its slice of the output.
template <class F, class Range, class R>
void map_into_slices(Engine& engine, F& f, Range& range, shared_vector<R>& out,
                     const MapOptions& options) {
    Draft draft;
    prepare(draft, f, range, options);
    const std::uint64_t count = draft.spec.count;
    if (count != 0 && out.size() % count != 0) {
        throw std::invalid_argument(
            "procpool: map_into gives each item an equal slice of the output, so the size of that "
            "must be a multiple of the number of items");
    }
    using Output = SharedStorage<shared_vector<R>>;
    const auto bytes = Output::resize_for_overwrite(out, out.size());
    set_map_into_slices<std::decay_t<F>, Item<Range>, R>(draft.spec, bytes,
                                                         count == 0 ? 0 : bytes.size() / count);
    draft.spec.keep_output = Output::keep(out);
    run(engine, draft, DoneSink(), options.progress);
}

template <class F, class Range, class R>
void map_into(Engine& engine, F& f, Range& range, shared_vector<R>& out,
              const MapOptions& options) {
    refuse_journal(options.journal, "map_into");
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    constexpr bool fits = std::is_convertible_v<typename Call::Result, R>;
    if constexpr (takes_slices<std::decay_t<F>, Range, R>()) {
        require_other(range, out);
        map_into_slices(engine, f, range, out, options);
    } else if constexpr (!is_accepted<Call, void>()) {
        refuse<Call, void, void>();
    } else if constexpr (!fits) {
        static_assert(fits,
                      "procpool: what the callable returns does not convert to the elements of "
                      "the output");
    } else {
        require_other(range, out);
        Draft draft;
        prepare(draft, f, range, options);
        using Output = SharedStorage<shared_vector<R>>;
        set_map_into<typename Call::Task, R>(draft.spec,
                                             Output::resize_for_overwrite(out, draft.spec.count));
        draft.spec.keep_output = Output::keep(out);
        run(engine, draft, DoneSink(), options.progress);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
