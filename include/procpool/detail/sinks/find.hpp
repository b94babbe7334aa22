#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/thunk.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// What is known of a search, whatever it is for.
class Search {
public:
    explicit Search(bool lowest) : lowest_(lowest) {}

    /// Would a find at this item be the answer, as far as is known?
    [[nodiscard]] bool is_better(std::uint64_t item) const {
        return !found_ || (lowest_ && item < index_);
    }
    void found_at(std::uint64_t item) {
        found_ = true;
        index_ = item;
    }

    /// Any find is the answer to a search for any; the first find or error is that to one for the
    /// first.
    [[nodiscard]] std::uint64_t certain_before(const FirstFailure& failures) const noexcept;
    /// An error counts if the search would have met it before its answer.
    void throw_if_failed(const FirstFailure& failures) const;

private:
    bool lowest_;
    bool found_ = false;
    std::uint64_t index_ = 0;  // of the find
};

/// Of a search: the success of the lowest index, or the one that came first.
template <class R>
class FindSink final : public Collector<std::optional<R>> {
public:
    static constexpr bool may_be_certain_early = true;

    explicit FindSink(bool lowest) : search_(lowest) {}

    [[nodiscard]] std::uint64_t certain_before() const noexcept override {
        return search_.certain_before(this->failures_);
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
        if (bytes.empty() || !search_.is_better(item)) {
            return;
        }
        this->for_items(item, 1, [&](std::uint64_t) {
            if (auto found = Finding<R>::read(bytes)) {
                found_.emplace(std::move(*found));
                search_.found_at(item);
            }
        });
    }

    [[nodiscard]] bool runs_user_code() const noexcept override { return !is_copied<R>; }

    std::optional<R> take() override {
        search_.throw_if_failed(this->failures_);
        return std::move(found_);
    }

private:
    Search search_;
    std::optional<R> found_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
