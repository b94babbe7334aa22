#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <procpool/detail/calls.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/sinks/find.hpp>
#include <procpool/detail/stream/verbs.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/detail/verbs.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// find_first and find_any: what is told of them in Pool is done here.

template <class R>
inline constexpr bool is_optional = false;
template <class R>
inline constexpr bool is_optional<std::optional<R>> = true;

/// Its items are there already, or are few: they are read before the work starts.
template <class Range>
bool is_read_at_once(Range& range) {
    if constexpr (RandomAccess<Range>) {
        constexpr std::uint64_t few = std::uint64_t{1} << 20U;
        return std::is_lvalue_reference_v<Reference<Range>> || count_of(range) <= few;
    } else {
        return Repeatable<Range> && !Endless<Range>;
    }
}

/// Reads the range while the search goes on, up to MapOptions::buffer items ahead.
template <class F, class Range>
auto find_reading(const std::shared_ptr<Engine>& engine, F& f, Range& range, MapOptions options,
                  bool lowest) {
    using Result = typename CallOver<WholeItem, std::decay_t<F>, Range>::Result;
    constexpr std::size_t ahead = 64;  // items for each worker: some find nothing in no time
    if (options.buffer == 0) {
        options.buffer = ahead * static_cast<std::size_t>(engine->processes());
    }
    auto outcomes = imap<Elements::outcomes, F, Range&>(engine, f, range, options, lowest);
    std::optional<Outcome<Result>> failed;
    std::optional<Outcome<Result>> cancelled;
    while (auto outcome = outcomes.next()) {
        if (!*outcome) {
            const bool by_others = outcome->error().failure().kind == Failure::Kind::cancelled;
            if (lowest && !by_others && !cancelled) {
                outcome->rethrow();
            }
            auto& first = by_others ? cancelled : failed;
            if (!first || outcome->error().index() < first->error().index()) {
                first.emplace(std::move(*outcome));
            }
        } else if (outcome->value() && (!lowest || !cancelled)) {
            return std::move(outcome->value());
        }
    }
    // By fail_fast there is a failure, too; else the search was stopped.
    for (const auto& error : {&failed, &cancelled}) {
        if (*error) {
            (*error)->rethrow();
        }
    }
    return Result();
}

/// `lowest`: the find of the lowest index; otherwise any.
template <class F, class Range>
auto find(const std::shared_ptr<Engine>& engine, F& f, Range& range, const MapOptions& options,
          bool lowest) {
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
            constexpr bool may_be_long = !Repeatable<Range> || Endless<Range>;
            if constexpr (may_be_long) {
                if (!is_read_at_once(range)) {
                    return find_reading(engine, f, range, options, lowest);
                }
            }
            if constexpr (Endless<Range>) {
                return Result();  // never reached
            } else {
                Draft draft;
                prepare(draft, f, range, options);
                set_find<typename Call::Task, R>(draft.spec);
                // An item before the find may give a better one.
                draft.spec.finishes_claimed = lowest;
                set_journal<Item<Range>, Result>(draft.spec, options.journal, JournalForm::finding);
                return run(*engine, draft, FindSink<R>(lowest), options.progress);
            }
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
