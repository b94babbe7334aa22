#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <variant>

#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {
struct Nothing {};
struct Pending {};
struct OutcomeState;

/// What the last try of an item took.
struct Account {
    std::int64_t duration_ns = 0;
    std::uint32_t attempts = 0;
    std::uint32_t unused = 0;  // no byte is left unwritten
};
}  // namespace detail

/// What became of one item: its value, or why there is none. As std::expected, whose names it uses.
/// A value, to be used by one thread at a time.
template <class R>
class Outcome {
public:
    /// Only made by the pool.
    explicit Outcome(detail::Pending) noexcept {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 1; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value. Without one, throws what rethrow() throws: no access is undefined.
    [[nodiscard]] R& value() & { return value_of(*this); }
    [[nodiscard]] const R& value() const& { return value_of(*this); }
    [[nodiscard]] R&& value() && { return std::move(value_of(*this)); }
    [[nodiscard]] R& operator*() & { return value_of(*this); }
    [[nodiscard]] const R& operator*() const& { return value_of(*this); }
    [[nodiscard]] R&& operator*() && { return std::move(value_of(*this)); }
    [[nodiscard]] R* operator->() { return &value_of(*this); }
    [[nodiscard]] const R* operator->() const { return &value_of(*this); }

    template <class U>
    [[nodiscard]] R value_or(U&& other) const& {
        return has_value() ? value() : static_cast<R>(std::forward<U>(other));
    }

    /// Why there is no value: which item, which worker, what happened. Throws std::logic_error if
    /// there is one.
    [[nodiscard]] const TaskFailure& error() const {
        if (const auto* failure = std::get_if<TaskFailure>(&state_)) {
            return *failure;
        }
        throw std::logic_error("procpool: Outcome::error() of an item that has a value");
    }

    /// Throws the error as map() would have: a standard exception as its own type, WorkerDied,
    /// TaskTimeout, TaskCancelled, RemoteError, PoolTerminated, PoolBroken. Nothing if there is a
    /// value.
    void rethrow() const {
        if (!has_value()) {
            detail::throw_failure(error().failure());
        }
    }

    /// The position of the item in its range, from 0; 0 of a single call. Of a map_async: of the
    /// item that failed, or 0.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// How often it was tried, the last time included; 0 if it never ran. As duration(), not known
    /// of a whole map_async that succeeded.
    [[nodiscard]] int attempts() const noexcept { return static_cast<int>(account_.attempts); }
    /// How long the call took in the worker, the last time. If the worker died, until it was gone.
    [[nodiscard]] std::chrono::nanoseconds duration() const noexcept {
        return std::chrono::nanoseconds(account_.duration_ns);
    }

private:
    friend struct detail::OutcomeState;

    template <class Self>
    static auto& value_of(Self& self) {
        if (!self.has_value()) [[unlikely]] {
            self.rethrow();
        }
        return *std::get_if<1>(&self.state_);
    }

    std::variant<std::monostate, R, TaskFailure> state_;
    std::size_t index_ = 0;
    detail::Account account_;
};

/// Of a task without a value: that it ended, or why not.
template <>
class Outcome<void> {
public:
    explicit Outcome(detail::Pending pending) noexcept : outcome_(pending) {}

    [[nodiscard]] bool has_value() const noexcept { return outcome_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const { rethrow(); }
    void operator*() const { rethrow(); }
    [[nodiscard]] const TaskFailure& error() const { return outcome_.error(); }
    void rethrow() const { outcome_.rethrow(); }
    [[nodiscard]] std::size_t index() const noexcept { return outcome_.index(); }
    [[nodiscard]] int attempts() const noexcept { return outcome_.attempts(); }
    [[nodiscard]] std::chrono::nanoseconds duration() const noexcept { return outcome_.duration(); }

private:
    friend struct detail::OutcomeState;

    Outcome<detail::Nothing> outcome_;
};

namespace detail {
/// What an outcome is made of, for the sinks.
struct OutcomeState {
    template <class Of>
    static auto& get(Of& outcome) {
        if constexpr (requires { outcome.state_; }) {
            return outcome.state_;
        } else {
            return get(outcome.outcome_);
        }
    }
    template <class Of>
    static void note(Of& outcome, std::size_t index, const Account& account) {
        if constexpr (requires { outcome.state_; }) {
            outcome.index_ = index;
            outcome.account_ = account;
        } else {
            note(outcome.outcome_, index, account);
        }
    }
};
/// Pending, a value, or a TaskFailure.
template <class Of>
auto& outcome_state(Of& outcome) {
    return OutcomeState::get(outcome);
}

/// What an item failed with. Throws std::bad_alloc.
template <class Of>
void set_failure(Of& outcome, const Failure& failure) {
    outcome_state(outcome).template emplace<TaskFailure>(failure);
    OutcomeState::note(outcome, failure.index,
                       {.duration_ns = failure.duration.count(),
                        .attempts = static_cast<std::uint32_t>(failure.tries),
                        .unused = 0});
}
}  // namespace detail

PROCPOOL_END_NAMESPACE
