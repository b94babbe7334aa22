#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/stream/core.hpp>
#include <procpool/detail/stream/sink.hpp>
#include <procpool/detail/submitted_job.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {
/// Of a stream with elements E: what its outcomes are of, and how an element is got out of one.
template <class E>
struct StreamOf {
    using Kept = E;
    static E& element(Outcome<E>& outcome) { return outcome.value(); }
};
template <class R>
struct StreamOf<Outcome<R>> {
    using Kept = R;
    static Outcome<R>& element(Outcome<R>& outcome) { return outcome; }
};
[[noreturn]] void throw_no_stream();
[[noreturn]] void throw_no_element_yet();
}  // namespace detail

/// The results of imap and its kin, as they come: a move-only input range, to be read once.
///
///     for (auto&& row : pool.imap(parse, lines)) use(row);
///     for (int n : pool.imap(f, std::views::iota(0)) | std::views::take(10)) use(n);
///
/// **Reading it drives it.** No thread works behind it: the range that was given is read, and the
/// workers get its items, while the stream is read. At most MapOptions::buffer items are under way
/// or wait to be read; a range that blocks blocks the reader. It may be endless. What is not read
/// yet is worked on meanwhile, but no more is.
///
/// **Errors are in their place.** Reading an element whose item failed throws its error, each time;
/// the stream goes on behind it. If the range throws, that is thrown behind the element of its last
/// item, and then the stream ends. If fail_fast is set, no item is taken after the first error.
///
/// **Any end is harmless.** Destroying it cancels what has not started, and never waits; what runs
/// goes on to its end. It may outlive its pool. After Pool::close() it goes on; Pool::join() has
/// what is under way finished, and then PoolClosed is the next element's error; terminate() and
/// ~Pool give PoolTerminated.
///
/// One thread at a time uses a stream; several streams and other calls share the workers fairly.
template <class R>
class [[nodiscard]] Stream {
    using Of = detail::StreamOf<R>;
    using Queue = detail::OutcomeQueue<typename Of::Kept>;
    struct State;

public:
    /// The place in the stream: all its iterators are at the same. Valid as long as the stream,
    /// also when that has moved.
    class Iterator {
    public:
        using value_type = R;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        /// Waits for the element. Throws the item's error, each time.
        [[nodiscard]] R& operator*() const {
            state_->core.await();
            return Of::element(state_->queue->current());
        }
        /// Goes on, also past an element that is not there yet. Neither waits nor throws.
        Iterator& operator++() {
            state_->core.advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        /// True behind the last element. Reads the range, if it has to; where elements were passed
        /// over that are not there yet, it waits for most of them.
        friend bool operator==(const Iterator& at, std::default_sentinel_t) {
            return at.state_->core.is_at_end();
        }

    private:
        friend Stream;
        explicit Iterator(State& state) : state_(&state) {}

        State* state_;
    };

    /// Only made by the pool.
    Stream(const std::shared_ptr<detail::Engine>& engine, detail::JobSpec& spec, bool ordered,
           std::shared_ptr<detail::FedItems> items, std::shared_ptr<Queue> queue,
           std::unique_ptr<detail::Source> source, const MapOptions& options)
        : state_(std::make_unique<State>(engine, spec, ordered, std::move(items), std::move(queue),
                                         std::move(source), options)) {}

    /// Where it is now. Does not wait. Throws std::logic_error if it was moved from, as the rest.
    [[nodiscard]] Iterator begin() { return Iterator(state()); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

    /// Waits for the next element and takes it; nothing at the end. Throws the item's error, and
    /// goes on behind it.
    std::optional<R> next() { return next_before(detail::Clock::time_point::max()); }

    /// As next(), but throws TimeoutError when the element is not there after `timeout`: call it
    /// again. A timeout of 0 only looks. Time in which the range is read is not bounded.
    std::optional<R> next(std::chrono::nanoseconds timeout) {
        return next_before(detail::deadline_after(timeout));
    }

private:
    struct State {
        std::shared_ptr<Queue> queue;
        detail::StreamCore core;

        State(const std::shared_ptr<detail::Engine>& engine, detail::JobSpec& spec, bool ordered,
              std::shared_ptr<detail::FedItems> items, std::shared_ptr<Queue> results,
              std::unique_ptr<detail::Source> source, const MapOptions& options)
            : queue(std::move(results)),
              core(engine, spec, ordered, std::move(items), queue, std::move(source), options) {}
    };
    /// Goes on at the end of a scope.
    struct Step {
        detail::StreamCore& core;
        explicit Step(detail::StreamCore& of) : core(of) {}
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;
        ~Step() { core.advance(); }
    };

    [[nodiscard]] State& state() {
        if (!state_) {
            detail::throw_no_stream();
        }
        return *state_;
    }
    std::optional<R> next_before(detail::Clock::time_point deadline) {
        State& at = state();
        if (at.core.is_at_end(deadline)) {
            return std::nullopt;
        }
        if (!at.core.is_there(deadline)) {
            detail::throw_no_element_yet();
        }
        const Step step(at.core);
        at.core.check();
        return std::move(Of::element(at.queue->current()));
    }

    std::unique_ptr<State> state_;
};

PROCPOOL_END_NAMESPACE
