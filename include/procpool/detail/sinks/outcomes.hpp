#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

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
        this->for_items(first, count, [&](std::uint64_t i) {
            if constexpr (std::is_void_v<R>) {
                state(i).template emplace<1>();
            } else {
                state(i).template emplace<1>(read_result<R>(bytes, i - first));
            }
        });
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        if constexpr (!std::is_void_v<R>) {
            this->for_items(item, 1, [&](std::uint64_t i) {
                state(i).template emplace<1>(read_frame<R>(bytes));
            });
        }
    }
    void failed(std::uint64_t item, Failure failure) noexcept override {
        try {
            failure.index = item;
            state(item).template emplace<TaskFailure>(failure);
        } catch (...) {
            no_memory_ = true;  // there is none left even to say what failed
        }
    }
    void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept override {
        this->fail_each(first, last, why);
    }

    [[nodiscard]] bool runs_user_code() const noexcept override { return !is_copied<R>; }

    [[nodiscard]] bool has_failed() const override { return no_memory_; }
    std::vector<Outcome<R>> take() override {
        if (no_memory_) {
            throw std::bad_alloc();
        }
        return std::move(outcomes_);
    }

private:
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
