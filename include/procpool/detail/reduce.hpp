#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/detail/calls.hpp>
#include <procpool/detail/closure.hpp>
#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/items.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/sinks/partials.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/detail/thunk.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// A reduction is a job whose items are blocks of the range, whose parts are the items of the range
// (Run::begin_part). Each block becomes one partial value; further jobs combine these, in their
// order, until one is left. What is combined with what depends on the number of items alone.

/// What travels of a reduction; nobody calls it as it is.
template <class Reduce, class Transform>
using Reduction = Bound<Side::front, Reduce, Bound<Side::front, Transform>, Blocks>;

template <class Reduce, class Transform>
const Transform& transform_of(const Reduction<Reduce, Transform>& reduction) {
    using Argument = BoundArgument<0, Bound<Side::front, Transform>>;
    return static_cast<const Argument&>(reduction.arguments).value.function;
}
template <class Reduce, class Transform>
Blocks& blocks_of(Reduction<Reduce, Transform>& reduction) {
    return static_cast<BoundArgument<1, Blocks>&>(reduction.arguments).value;
}
template <class Reduce, class Transform>
const Blocks& blocks_of(const Reduction<Reduce, Transform>& reduction) {
    return static_cast<const BoundArgument<1, Blocks>&>(reduction.arguments).value;
}

/// reduce(V, More) gives what becomes a V.
template <class Reduce, class V, class More>
consteval bool adds() {
    if constexpr (std::is_invocable_v<const Reduce&, V, More>) {
        return std::is_convertible_v<std::invoke_result_t<const Reduce&, V, More>, V>;
    } else {
        return false;
    }
}

template <class Reduce, class V, class More>
void add(const Reduce& reduce, V& value, More&& more) {
    using Sum = decltype(detail::call(reduce, std::move(value), std::forward<More>(more)));
    if constexpr (std::is_reference_v<Sum>) {  // to its first argument, as a rule
        auto&& sum = detail::call(reduce, std::move(value), std::forward<More>(more));
        if (static_cast<const void*>(std::addressof(sum)) != std::addressof(value)) {
            value = static_cast<V>(std::forward<Sum>(sum));
        }
    } else {
        value = static_cast<V>(detail::call(reduce, std::move(value), std::forward<More>(more)));
    }
}

/// The sum of a block of items of the range.
template <class Reduce, class Transform, class V, class T>
class TransformReduce {
    using Item = decltype(std::declval<Items<T>&>()(0));
    using Transformed =
        decltype(detail::call(std::declval<const Transform&>(), std::declval<Item>()));

public:
    explicit TransformReduce(const Run& run) : reduction_(run), items_(run) {}

    [[nodiscard]] const Blocks& blocks() const { return blocks_of(reduction_.get()); }
    V first(std::uint64_t i) {
        if constexpr (std::is_convertible_v<Transformed, V>) {
            return static_cast<V>(
                detail::call(transform_of(reduction_.get()), item_for<Transform, T>(items_, i)));
        } else {
            V value{};
            add_to(value, i);
            return value;
        }
    }
    void add_to(V& value, std::uint64_t i) {
        const Reduction<Reduce, Transform>& reduction = reduction_.get();
        add(reduction.function, value,
            detail::call(transform_of(reduction), item_for<Transform, T>(items_, i)));
    }

private:
    OpenClosure<Reduction<Reduce, Transform>> reduction_;
    Items<T> items_;
};

/// The sum of a block of partial values.
template <class Reduce, class Transform, class V>
class CombinePartials {
public:
    explicit CombinePartials(const Run& run) : reduction_(run), partials_(run) {}

    [[nodiscard]] const Blocks& blocks() const { return blocks_of(reduction_.get()); }
    V first(std::uint64_t i) { return partials_(i); }
    void add_to(V& value, std::uint64_t i) { add(reduction_.get().function, value, partials_(i)); }

private:
    OpenClosure<Reduction<Reduce, Transform>> reduction_;
    Items<V> partials_;
};

/// The thunk of a reduction.
template <class Task, class V>
void reduce_thunk(Run& run) {
    Task task(run);
    [[maybe_unused]] std::conditional_t<FixedResult<V>, Nothing, Encoder> encoder;
    for (; run.next < run.last; ++run.next) {
        const std::uint64_t block = run.next;
        std::uint64_t item = task.blocks().begin(block);
        const std::uint64_t end = task.blocks().end(block);
        run.begin_part(block, item);
        V value = task.first(item);
        while (++item < end) {
            run.end(block);
            run.begin_part(block, item);
            task.add_to(value, item);
        }
        if constexpr (FixedResult<V>) {
            run.end(block);
            detail::write_fixed<V>(run.result(block), value);
        } else {
            const std::span<const std::byte> bytes = encoder.encode(value);
            run.end(block);
            run.emit(bytes);
        }
    }
}

template <class Task, class V>
void set_reduction(JobSpec& spec, const Blocks& blocks) {
    spec.thunk = &reduce_thunk<Task, V>;
    spec.count = blocks.count();
    spec.parts = blocks.length;
    spec.chunksize = 0;
    if constexpr (FixedResult<V>) {
        spec.result_stride = Codec<V>::fixed_size;
    }
}

template <Encodable V>
std::vector<std::byte> frame_of(const V& value) {
    std::vector<std::byte> frame(detail::frame_size(value));
    Writer to(frame, typeid(V));
    detail::write_frame(to, value);
    to.finish();
    return frame;
}

/// Values that cost as little to ship and to combine as a number does.
template <class V>
inline constexpr bool is_small = FixedSize<V> && Codec<V>::fixed_size <= 64;

/// As many partial values are combined at once: small ones all of them, which takes no time.
template <class V>
inline constexpr std::uint64_t combined_at_once = is_small<V> ? ~std::uint64_t{0} : 8;

/// Combines partial values; `init`, if it is not null, comes before them.
template <class V, class Reduce, class Transform>
Partials combine(Engine& engine, Reduction<Reduce, Transform>& reduction, Partials partials,
                 const std::vector<std::byte>* init, const MapOptions& options) {
    const std::uint64_t added = init != nullptr ? 1 : 0;
    const std::uint64_t items = partials.count + added;
    const Blocks blocks{init != nullptr ? items : combined_at_once<V>, items};
    const Origin origin{partials.origin.span, added};
    Draft draft;
    set_options(draft.spec, options);
    pack_partials(draft, partials, init);
    partials = {};
    blocks_of(reduction) = blocks;
    set_closure(draft, reduction);
    set_reduction<CombinePartials<Reduce, Transform, V>, V>(draft.spec, blocks);
    return run(engine, draft, PartialSink(blocks, origin, Codec<V>::fixed_size));
}

template <class V, class Reduce, class Transform, class Range>
V reduce_blocks(Engine& engine, Range& range, const V& init,
                Reduction<Reduce, Transform>& reduction, const MapOptions& options) {
    refuse_journal(options.journal, "transform_reduce");
    Draft draft;
    require_end<Range>();
    set_options(draft.spec, options);
    pack<Item<Range>>(draft, range);
    const Blocks blocks = blocks_for(draft.spec.count, options.chunksize, !is_small<V>);
    blocks_of(reduction) = blocks;
    set_closure(draft, reduction);
    set_reduction<TransformReduce<Reduce, Transform, V, Item<Range>>, V>(draft.spec, blocks);
    Partials partials =
        run(engine, draft, PartialSink(blocks, {}, Codec<V>::fixed_size), options.progress);
    while (partials.count > combined_at_once<V>) {
        partials = combine<V>(engine, reduction, std::move(partials), nullptr, options);
    }
    const std::vector<std::byte> first = frame_of(init);
    if (partials.count != 0) {
        partials = combine<V>(engine, reduction, std::move(partials), &first, options);
        return read_frame<V>(partials.frame(0));
    }
    return read_frame<V>(first);
}

template <class Call, class V, class Reduce>
consteval bool can_reduce() {
    if constexpr (!is_accepted<Call, V>() || !Shippable<Reduce>) {
        return false;
    } else {
        using U = typename Call::Returned;
        return adds<Reduce, V, V>() && adds<Reduce, V, U>() &&
               (std::is_convertible_v<U, V> || std::is_default_constructible_v<V>);
    }
}

/// Explains itself where can_reduce says no.
template <class V, class Call, class Reduce>
V refuse_to_reduce() {
    if constexpr (!is_accepted<Call, V>()) {
        refuse<Call, V, V>();
    } else if constexpr (!Shippable<Reduce>) {
        require_closure<Reduce>();
    } else {
        static_assert(can_reduce<Call, V, Reduce>(),
                      "procpool: transform_reduce(range, init, reduce, transform) calls, with T "
                      "the type of init, reduce(T, T) and reduce(T, what transform returns), and "
                      "takes what comes of it for a T: reduce must accept both, as const, and what "
                      "transform returns be a T too, or T have a constructor without arguments");
    }
    return never_made<V>();
}

template <class Range, class Init, class Reduce, class Transform>
auto transform_reduce(Engine& engine, Range& range, Init& init, Reduce&& reduce,
                      Transform&& transform, const MapOptions& options) {
    using V = Kept<Init&>;
    using Call = CallOver<WholeItem, std::decay_t<Transform>, Range>;
    if constexpr (!can_reduce<Call, V, std::decay_t<Reduce>>()) {
        return refuse_to_reduce<V, Call, std::decay_t<Reduce>>();
    } else {
        auto reduction = detail::bind<Side::front>(
            std::forward<Reduce>(reduce),
            detail::bind<Side::front>(std::forward<Transform>(transform)), Blocks{});
        return reduce_blocks<V>(engine, range, KeptAs<Init&>::keep(init), reduction, options);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
