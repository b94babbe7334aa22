#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/thunk.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Of a map: every result in its place.
template <class R>
class VectorSink final : public Collector<std::vector<R>> {
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
        this->for_items(first, count, [&](std::uint64_t i) {
            set(results_.at(i), read_result<R>(bytes, i - first));
        });
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        this->for_items(item, 1, [&](std::uint64_t i) { read_to(results_.at(i), bytes); });
    }

    [[nodiscard]] bool runs_user_code() const noexcept override { return !is_copied<R>; }

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
class ValueSink final : public Collector<R> {
public:
    void results(std::uint64_t, std::uint64_t, std::span<const std::byte> bytes) noexcept override {
        this->for_items(0, 1, [&](std::uint64_t) { value_.emplace(read_result<R>(bytes, 0)); });
    }
    void result(std::uint64_t, std::span<const std::byte> bytes) noexcept override {
        this->for_items(0, 1, [&](std::uint64_t) { value_.emplace(read_frame<R>(bytes)); });
    }

    [[nodiscard]] bool runs_user_code() const noexcept override { return !is_copied<R>; }

    R take() override {
        this->failures_.throw_if_any();
        return std::move(value_).value();
    }

private:
    std::optional<R> value_;
};

/// Of one submitted call: its value, if it has one, and the account of it.
template <class R>
class SubmitSink final : public Collector<R> {
public:
    void results(std::uint64_t, std::uint64_t, std::span<const std::byte> bytes) noexcept override {
        this->for_items(0, 1, [&](std::uint64_t) { set(read_result<Accounted<R>>(bytes, 0)); });
    }
    void result(std::uint64_t, std::span<const std::byte> bytes) noexcept override {
        this->for_items(0, 1, [&](std::uint64_t) { set(read_frame<Accounted<R>>(bytes)); });
    }

    [[nodiscard]] bool runs_user_code() const noexcept override { return !is_copied<R>; }

    R take() override {
        this->failures_.throw_if_any();
        if constexpr (!std::is_void_v<R>) {
            return std::move(value_).value();
        }
    }

private:
    void set(Accounted<R>&& result) {
        if constexpr (std::is_void_v<R>) {
            this->account_ = result;
        } else {
            this->account_ = result.first;
            value_.emplace(std::move(result.second));
        }
    }

    std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>> value_;
};

/// Of a map whose callable returns R.
template <class R>
using MapSink = std::conditional_t<std::is_void_v<R>, DoneSink, VectorSink<R>>;
/// Of one call that returns R.
template <class R>
using CallSink = std::conditional_t<std::is_void_v<R>, DoneSink, ValueSink<R>>;

}  // namespace detail
PROCPOOL_END_NAMESPACE
