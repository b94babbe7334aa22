#pragma once

#include <stdexcept>
#include <utility>
#include <variant>

#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {
template <class R>
class OutcomeSink;
struct Nothing {};
struct Pending {};
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

private:
    template <class>
    friend class detail::OutcomeSink;
    friend class Outcome<void>;

    template <class Self>
    static auto& value_of(Self& self) {
        if (!self.has_value()) [[unlikely]] {
            self.rethrow();
        }
        return *std::get_if<1>(&self.state_);
    }

    std::variant<std::monostate, R, TaskFailure> state_;
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

private:
    template <class>
    friend class detail::OutcomeSink;

    Outcome<detail::Nothing> outcome_;
};

PROCPOOL_END_NAMESPACE
