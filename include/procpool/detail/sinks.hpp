#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/thunk.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// A sink from which the caller takes what came of the job, once it is resolved. Throws what the
/// call throws.
template <class T>
class Collector : public Sink {
public:
    using Value = T;
    static constexpr bool may_be_certain_early = false;

    virtual T take() = 0;
    /// True if take() throws, or threw.
    [[nodiscard]] virtual bool has_failed() const = 0;
};

/// The exception in flight as the failure of an item, on this side. Only inside a catch block.
[[nodiscard]] inline Failure failure_here(std::uint64_t item) noexcept {
    Failure failure = decode_failure(encode_current_exception(item, 0));
    failure.index = item;
    return failure;
}

/// Calls body(i) for each item, which may throw, and failed(Failure) for each that threw.
template <class Body, class Failed>
void for_items(std::uint64_t first, std::uint64_t count, Body body, Failed failed) noexcept {
    for (std::uint64_t i = first; i < first + count; ++i) {
        try {
            body(i);
        } catch (...) {
            failed(failure_here(i));
        }
    }
}

/// The i-th of fixed-size results. Throws DecodeError if it is not there, as it never is where
/// results vary in size.
template <class R>
[[nodiscard]] R read_result(std::span<const std::byte> bytes, std::uint64_t i) {
    constexpr std::size_t size = Codec<R>::fixed_size;
    if constexpr (size == 0) {
        throw_short_frame(1, 0);
    }
    const std::size_t offset = i * size;
    if (bytes.size() < offset + size) {
        throw_short_frame(offset + size, bytes.size());
    }
    Reader from{bytes.subspan(offset, size)};
    return Codec<R>::read(from);
}

/// The failure of the lowest index. One that was only cancelled is not it, unless there is no
/// other.
class FirstFailure {
public:
    void note(Failure failure) noexcept {
        const auto rank = [](const Failure& f) {
            return std::pair{f.kind == Failure::Kind::cancelled, f.index};
        };
        if (!failure_ || rank(failure) < rank(*failure_)) {
            failure_ = std::move(failure);
        }
    }
    void note_dropped(std::uint64_t first, const Failure& why) noexcept {
        Failure failure = why;
        failure.index = first;
        note(std::move(failure));
    }

    [[nodiscard]] const std::optional<Failure>& get() const { return failure_; }
    void throw_if_any() const {
        if (failure_) {
            throw_failure(*failure_);
        }
    }

private:
    std::optional<Failure> failure_;
};

/// What the sinks of a call have in common that throws the first failure.
template <class T>
class FailingCollector : public Collector<T> {
public:
    void failed(std::uint64_t item, Failure failure) noexcept override {
        failure.index = item;
        failures_.note(std::move(failure));
    }
    void dropped(std::uint64_t first, std::uint64_t, const Failure& why) noexcept override {
        failures_.note_dropped(first, why);
    }
    void results(std::uint64_t, std::uint64_t, std::span<const std::byte>) noexcept override {}
    void result(std::uint64_t, std::span<const std::byte>) noexcept override {}

    [[nodiscard]] bool has_failed() const override { return failures_.get().has_value(); }

protected:
    FirstFailure failures_;
};

/// Of a map: every result in its place.
template <class R>
class VectorSink final : public FailingCollector<std::vector<R>> {
    // A vector<bool> has no bytes to copy to; a type without a default or an assignment is put
    // together at the end.
    static constexpr bool in_place =
        std::is_default_constructible_v<R> && std::is_move_assignable_v<R>;
    static constexpr bool copied = in_place && Trivial<R> && !std::is_same_v<R, bool>;
    using Slot = std::conditional_t<in_place, R, std::optional<R>>;

public:
    explicit VectorSink(std::uint64_t count) : results_(count) {}

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override {
        if constexpr (copied) {
            if (fits(first, count) && bytes.size() == count * sizeof(R)) [[likely]] {
                std::memcpy(static_cast<void*>(results_.data() + first), bytes.data(),
                            bytes.size());
                if constexpr (holds_bool<R>()) {
                    for (auto& result : std::span{results_}.subspan(first, count)) {
                        make_valid(result);
                    }
                }
                return;
            }
        }
        for_items(
            first, count,
            [&](std::uint64_t i) { set(results_.at(i), read_result<R>(bytes, i - first)); },
            [&](Failure failure) { this->failures_.note(std::move(failure)); });
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        for_items(
            item, 1, [&](std::uint64_t i) { read_to(results_.at(i), bytes); },
            [&](Failure failure) { this->failures_.note(std::move(failure)); });
    }

    std::vector<R> take() override {
        this->failures_.throw_if_any();
        if constexpr (in_place) {
            return std::move(results_);
        } else {
            std::vector<R> values;
            values.reserve(results_.size());
            for (auto& slot : results_) {
                values.push_back(std::move(slot.value()));
            }
            return values;
        }
    }

private:
    [[nodiscard]] bool fits(std::uint64_t first, std::uint64_t count) const {
        return first <= results_.size() && count <= results_.size() - first;
    }
    static void read_to(auto&& slot, std::span<const std::byte> bytes) {
        if constexpr (in_place && OneRun<R>) {
            Codec<R>::assign(slot, bytes);
        } else {
            set(slot, read_frame<R>(bytes));
        }
    }
    static void set(auto&& slot, R value) {
        if constexpr (in_place) {
            slot = std::move(value);
        } else {
            slot.emplace(std::move(value));
        }
    }

    std::vector<Slot> results_;
};

/// Of one call: its value.
template <class R>
class ValueSink final : public FailingCollector<R> {
public:
    void results(std::uint64_t, std::uint64_t, std::span<const std::byte> bytes) noexcept override {
        set([&] { return read_result<R>(bytes, 0); });
    }
    void result(std::uint64_t, std::span<const std::byte> bytes) noexcept override {
        set([&] { return read_frame<R>(bytes); });
    }

    R take() override {
        this->failures_.throw_if_any();
        return std::move(value_).value();
    }

private:
    template <class Read>
    void set(Read read) noexcept {
        for_items(
            0, 1, [&](std::uint64_t) { value_.emplace(read()); },
            [&](Failure failure) { this->failures_.note(std::move(failure)); });
    }

    std::optional<R> value_;
};

/// Of calls without a value, or with results that are in their place already.
class DoneSink final : public FailingCollector<void> {
public:
    void take() override { failures_.throw_if_any(); }
};

/// Of a search: the success of the lowest index, or the one that came first.
template <class R>
class FindSink final : public FailingCollector<std::optional<R>> {
public:
    static constexpr bool may_be_certain_early = true;

    explicit FindSink(bool lowest) : lowest_(lowest) {}

    /// Any find is the answer to a search for any; the first find or error is that to one for the
    /// first.
    [[nodiscard]] std::uint64_t certain_before() const noexcept override {
        if (!lowest_) {
            return found_ ? 0 : undecided;
        }
        const auto& failure = this->failures_.get();
        const bool failed = failure && failure->kind != Failure::Kind::cancelled;
        return std::min(found_ ? index_ : undecided, failed ? failure->index : undecided);
    }

    void results([[maybe_unused]] std::uint64_t first, [[maybe_unused]] std::uint64_t count,
                 [[maybe_unused]] std::span<const std::byte> bytes) noexcept override {
        if constexpr (Finding<R>::is_fixed) {
            constexpr std::size_t stride = Finding<R>::stride;
            for (std::uint64_t i = 0; i < count && (i + 1) * stride <= bytes.size(); ++i) {
                if (bytes[i * stride] != std::byte{0}) {
                    result(first + i, bytes.subspan(i * stride, stride));
                }
            }
        }
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        if (bytes.empty() || (found_ && (!lowest_ || index_ < item))) {
            return;
        }
        for_items(
            item, 1,
            [&](std::uint64_t) {
                if (auto found = Finding<R>::read(bytes)) {
                    found_.emplace(std::move(*found));
                    index_ = item;
                }
            },
            [&](Failure failure) { this->failures_.note(std::move(failure)); });
    }

    /// An error counts if the search would have met it before its answer.
    std::optional<R> take() override {
        const auto& failure = this->failures_.get();
        if (failure && (!found_ || (lowest_ && failure->kind != Failure::Kind::cancelled &&
                                    failure->index < index_))) {
            throw_failure(*failure);
        }
        return std::move(found_);
    }

private:
    static constexpr std::uint64_t undecided = ~std::uint64_t{0};

    bool lowest_;
    std::optional<R> found_;
    std::uint64_t index_ = 0;
};

/// Of a try_map: every outcome in its place.
template <class R>
class OutcomeSink final : public Collector<std::vector<Outcome<R>>> {
public:
    explicit OutcomeSink(std::uint64_t count) {
        outcomes_.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            outcomes_.emplace_back(Pending{});
        }
    }

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override {
        if constexpr (std::is_void_v<R>) {
            set(first, count, [](std::uint64_t) { return Nothing{}; });
        } else {
            set(first, count, [&](std::uint64_t i) { return read_result<R>(bytes, i - first); });
        }
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        if constexpr (!std::is_void_v<R>) {
            set(item, 1, [&](std::uint64_t) { return read_frame<R>(bytes); });
        }
    }
    void failed(std::uint64_t item, Failure failure) noexcept override {
        failure.index = item;
        set_failure(failure);
    }
    void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept override {
        for_items(
            first, last - first,
            [&](std::uint64_t i) {
                Failure failure = why;
                failure.index = i;
                set_failure(failure);
            },
            [&](const Failure& failure) { set_failure(failure); });
    }

    [[nodiscard]] bool has_failed() const override { return no_memory_; }
    std::vector<Outcome<R>> take() override {
        if (no_memory_) {
            throw std::bad_alloc();
        }
        return std::move(outcomes_);
    }

private:
    template <class Read>
    void set(std::uint64_t first, std::uint64_t count, Read read) noexcept {
        for_items(
            first, count, [&](std::uint64_t i) { state(i).template emplace<1>(read(i)); },
            [&](const Failure& failure) { set_failure(failure); });
    }
    void set_failure(const Failure& failure) noexcept {
        try {
            state(failure.index).template emplace<TaskFailure>(failure);
        } catch (...) {
            no_memory_ = true;  // there is none left even to say what failed
        }
    }
    auto& state(std::uint64_t i) {
        auto& outcome = outcomes_.at(i);
        if constexpr (std::is_void_v<R>) {
            return outcome.outcome_.state_;
        } else {
            return outcome.state_;
        }
    }

    std::vector<Outcome<R>> outcomes_;
    bool no_memory_ = false;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
