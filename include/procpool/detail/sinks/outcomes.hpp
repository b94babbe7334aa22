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
#include <procpool/detail/thunk.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Makes an outcome the result of an item.
template <class R, class W>
void set_result(Outcome<R>& outcome, std::uint64_t item, W&& result) {
    if constexpr (std::is_void_v<R>) {
        outcome_state(outcome).template emplace<1>();
        OutcomeState::note(outcome, item, result);
    } else {
        outcome_state(outcome).template emplace<1>(std::move(result.second));
        OutcomeState::note(outcome, item, result.first);
    }
}

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
            set_result(outcomes_.at(i), i, read_result<Accounted<R>>(bytes, i - first));
        });
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        this->for_items(item, 1, [&](std::uint64_t i) {
            set_result(outcomes_.at(i), i, read_frame<Accounted<R>>(bytes));
        });
    }
    void failed(std::uint64_t item, Failure failure) noexcept override {
        try {
            failure.index = item;
            set_failure(outcomes_.at(item), failure);
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
    std::vector<Outcome<R>> outcomes_;
    bool no_memory_ = false;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
