#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <procpool/detail/calls.hpp>
#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/stream/core.hpp>
#include <procpool/detail/stream/fed_items.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/options.hpp>
#include <procpool/stream.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// imap and its kin: what is told of them in Pool is done here.

/// Items of type T out of a range: one that is here, or a reference to one.
template <class T, class Range>
class RangeSource final : public Source {
    using Here = std::remove_reference_t<Range>;

public:
    explicit RangeSource(Range&& range) : range_(std::forward<Range>(range)) {}

    /// The step to an item is made when it is wanted, not before: it may block.
    bool next(FedItems& items) override {
        if (!walk_) {
            walk_.emplace(range_access::first(range_), range_access::last(range_));
        } else {
            ++walk_->at;
        }
        if (!(walk_->at != walk_->end)) {
            return false;
        }
        add(items, *walk_->at);
        return true;
    }

    [[nodiscard]] std::optional<std::uint64_t> size() const override {
        if constexpr (RandomAccess<const Here>) {
            return count_of(range_);
        } else {
            return std::nullopt;
        }
    }

private:
    struct Walk {
        Iterator<Here> at;
        Sentinel<Here> end;
        Walk(Iterator<Here>&& first, Sentinel<Here>&& last)
            : at(std::move(first)), end(std::move(last)) {}
    };

    template <class Given>
    static void add(FedItems& items, Given&& given) {
        if constexpr (std::is_same_v<T, std::remove_cvref_t<Given>>) {
            write(items, given);
        } else {
            write(items, static_cast<T>(std::forward<Given>(given)));
        }
    }
    static void write(FedItems& items, const T& item) {
        if constexpr (has_slice<T, true>()) {
            const Keeping keeping(items.kept());
            write_bytes_of(items, item);
        } else {
            write_bytes_of(items, item);
        }
    }
    static void write_bytes_of(FedItems& items, const T& item) {
        if constexpr (FixedSize<T>) {
            constexpr std::size_t size = Codec<T>::fixed_size;
            detail::write_fixed<T>(items.reserve(size), item);
            items.add(size);
        } else {
            const std::size_t size = frame_size<T>(item);
            Writer to({items.reserve(size), size}, typeid(T));
            detail::write_frame<T>(to, item);
            to.finish();
            items.add(size);
        }
    }

    Range range_;
    std::optional<Walk> walk_;
};

/// What the elements of a stream are.
enum class Elements : bool { values, outcomes };

/// Of a callable that returns R; without a value its element is a std::monostate.
template <Elements elements, class R>
using StreamElement = std::conditional_t<elements == Elements::outcomes, Outcome<R>,
                                         std::conditional_t<std::is_void_v<R>, std::monostate, R>>;

/// What its results wait in.
template <Elements elements, class R>
struct QueueOf {
    using type = ResultQueue<R, StreamElement<elements, R>>;
};
template <class R>
struct QueueOf<Elements::outcomes, R> {
    using type = AccountedQueue<R>;
};

template <Elements elements, class F, class Range>
auto imap(const std::shared_ptr<Engine>& engine, F& f, Range&& range, const MapOptions& options,
          bool ordered) {
    using Call = CallOver<WholeItem, std::decay_t<F>, Range>;
    using R = typename Call::Result;
    using Element = StreamElement<elements, R>;
    if constexpr (!is_accepted<Call, R>()) {
        return refuse<Call, R, Stream<Element>>();
    } else {
        Draft draft;
        set_closure<std::decay_t<F>>(draft, f);
        constexpr bool accounted = elements == Elements::outcomes;
        if constexpr (accounted) {
            set_accounted_map<typename Call::FedTask, R>(draft.spec);
        } else {
            set_map<typename Call::FedTask, R>(draft.spec);
        }
        set_journal<Item<Range>, R>(draft.spec, options.journal,
                                    accounted ? JournalForm::accounted : JournalForm::value);
        auto items = std::make_shared<FedItems>();
        using Queue = typename QueueOf<elements, R>::type;
        auto queue = std::make_shared<Queue>(ordered, items);
        auto source = std::make_unique<RangeSource<Item<Range>, Range>>(std::forward<Range>(range));
        return Stream<Element>(engine, draft.spec, ordered, std::move(items), std::move(queue),
                               std::move(source), options);
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
