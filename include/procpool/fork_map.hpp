#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/calls.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/sinks/values.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/errors.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {

/// What workers inherit of the caller: they are forked while this is on its stack.
template <class F, class At>
struct Inherited {
    const F* f;
    At at;  ///< at(i): the i-th item
};

/// A callable and items that were not shipped: the closure is the address of an Inherited.
template <class Context>
class InheritedTask {
public:
    explicit InheritedTask(const Run& run) : context_(load_bytes<const Context*>(run.closure)) {}

    template <class R>
    R run(std::uint64_t i) {
        return value_of_call<R, WholeItem>(*context_->f, context_->at(i));
    }

private:
    const Context* context_;
};

/// As CallOf, where only the result travels.
template <class F, class Item>
struct InheritedCall {
    using Result = typename ResultIfCalled<WholeItem, F, Item>::type;

    static consteval bool is_accepted() { return can_be_called<WholeItem, F, Item>(); }
    static constexpr void require() { require_callable<WholeItem, F, Item>(); }
};

/// Of items at(0) to at(count - 1); zeros, if nothing is known of their bytes.
template <class At>
std::vector<std::uint64_t> hashes_of(const At& at, std::uint64_t count) {
    using T = std::remove_cvref_t<decltype(at(std::uint64_t{0}))>;
    std::vector<std::uint64_t> hashes(count);
    if constexpr (!std::is_array_v<T>) {
        if constexpr (Encodable<T>) {
            if constexpr (!has_slice<T, true>()) {
                for (std::uint64_t i = 0; i < count; ++i) {
                    hashes[i] = detail::journal_hash_of<T>(at(i));
                }
            }
        }
    }
    return hashes;
}

template <class R, class F, class At>
MapValue<R> fork_map_to(const F& f, const At& at, std::uint64_t count,
                        const ForkMapOptions& options) {
    using Context = Inherited<F, At>;
    const Context context{&f, at};
    const Context* const address = &context;

    Draft draft;
    set_options(draft.spec, options);
    const int asked = checked_processes(options.processes);
    set_map<InheritedTask<Context>, R>(draft.spec);
    draft.spec.closure = std::as_bytes(std::span{&address, 1});
    draft.spec.count = count;
    MapSink<R> sink(count);
    if (!options.journal.file.empty()) {
        open_journal(draft.spec, options.journal, journal_terms<R>(JournalForm::value));
        set_journal_items(draft.spec, hashes_of(at, count));
    }
    if (count == 0) {
        return sink.take();
    }

    EngineOptions engine_options;
    engine_options.start = Start::fork;  // whatever else there is
    engine_options.inherits = true;
    engine_options.processes = static_cast<int>(std::min(static_cast<std::uint64_t>(asked), count));
    Engine engine(engine_options);
    run_to_end(engine, draft.spec, sink, false, options.progress);
    engine.close();
    engine.join();  // workers end in order
    return sink.take();
}

template <class F, class At>
auto fork_map(const F& f, const At& at, std::uint64_t count, const ForkMapOptions& options) {
    using Call = InheritedCall<F, decltype(at(std::uint64_t{0}))>;
    using R = typename Call::Result;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, MapValue<R>>();
    } else {
        return fork_map_to<R>(f, at, count, options);
    }
}

}  // namespace detail

/// f of every item, in their order, by workers that are forked for this call and inherit everything
/// by copy-on-write: any callable, lambdas that capture by reference too, and any range. Only the
/// results travel; they are what Pool::map returns.
///
///     auto all = mp::fork_map([&](auto& x) { return f(x, model); }, data);
///
/// f is invoked as const, each item as what `*iterator` is. What it changes, in items or captures,
/// stays in its worker. Blocks until every item is done; errors as those of Pool::map. The price is
/// a fork server and its workers for each call: for many calls make a Pool. Any thread may call it,
/// but see `init` about forking a program that has threads.
template <class F, class Range>
auto fork_map(F&& f, Range&& range, const ForkMapOptions& options = {}) {
    if constexpr (!detail::AnyRange<Range>) {
        detail::require_range<Range>();
        return detail::never_made<detail::Refused>();
    } else if constexpr (detail::Endless<Range>) {
        detail::require_end<Range>();
        return detail::never_made<detail::Refused>();
    } else if constexpr (detail::RandomAccess<Range>) {
        auto first = detail::range_access::first(range);
        const auto at = [first](std::uint64_t i) -> decltype(auto) {
            return first[static_cast<std::iter_difference_t<decltype(first)>>(i)];
        };
        return detail::fork_map(f, at, detail::count_of(range), options);
    } else if constexpr (std::forward_iterator<detail::Iterator<Range>>) {
        std::vector<detail::Iterator<Range>> items;
        for (auto it = detail::range_access::first(range); it != detail::range_access::last(range);
             ++it) {
            items.push_back(it);
        }
        const auto at = [&items](std::uint64_t i) -> decltype(auto) { return *items[i]; };
        return detail::fork_map(f, at, items.size(), options);
    } else {
        // A wrapper, because a vector<bool> has no items to refer to.
        struct Kept {
            detail::Item<Range> value;
        };
        std::vector<Kept> items;
        for (auto&& item : range) {
            items.push_back({std::forward<decltype(item)>(item)});
        }
        const auto at = [&items](std::uint64_t i) -> detail::Item<Range>& {
            return items[i].value;
        };
        return detail::fork_map(f, at, items.size(), options);
    }
}

template <class F, class T>
auto fork_map(F&& f, std::initializer_list<T> items, const ForkMapOptions& options = {}) {
    return fork_map(f, detail::listed(items), options);
}

PROCPOOL_END_NAMESPACE
