#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <procpool/detail/calls.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/sinks.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/options.hpp>
#include <procpool/shared.hpp>

namespace engine_test {

/// What came of each item, and how often something did.
template <class R>
class Collected final : public procpool::detail::Sink {
public:
    struct Item {
        std::optional<R> value;
        std::optional<procpool::detail::Failure> failure;
        int deliveries = 0;
    };

    explicit Collected(std::uint64_t count) : items(count) {}

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override {
        for (std::uint64_t i = 0; i < count; ++i) {
            ++items[first + i].deliveries;
            if constexpr (procpool::detail::FixedSize<R>) {
                if (!bytes.empty()) {
                    items[first + i].value = procpool::detail::read_result<R>(bytes, i);
                }
            }
        }
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        ++items[item].deliveries;
        items[item].value = procpool::detail::read_frame<R>(bytes);
    }
    void failed(std::uint64_t item, procpool::detail::Failure failure) noexcept override {
        ++items[item].deliveries;
        items[item].failure = std::move(failure);
    }
    void dropped(std::uint64_t first, std::uint64_t last,
                 const procpool::detail::Failure& why) noexcept override {
        for (; first < last; ++first) {
            failed(first, why);
        }
    }

    [[nodiscard]] bool runs_user_code() const noexcept override {
        return !procpool::detail::is_copied<R>;
    }

    std::vector<Item> items;
    bool resolved = false;  ///< false: not within the time it was given
};

inline constexpr std::chrono::seconds patience{30};

/// A map that was started and may still run.
template <class R>
struct Started {
    procpool::detail::JobHandle job;
    std::shared_ptr<Collected<R>> sink;
};

/// Starts a map straight on the engine, so that every delivery is seen. With `out` the results are
/// written in place.
template <class R, class F, class Range>
Started<R> start(procpool::detail::Engine& engine, const F& f, const Range& range,
                 const procpool::MapOptions& options = {},
                 procpool::shared_vector<R>* out = nullptr) {
    namespace detail = procpool::detail;
    using Item = detail::Item<const Range>;
    using Call = detail::CallOf<detail::WholeItem, F, Item>;
    detail::Draft draft;
    detail::set_options(draft.spec, options);
    detail::set_closure<F>(draft, f);
    detail::pack<Item>(draft, range);
    const std::uint64_t count = draft.spec.count;
    if constexpr (detail::Trivial<R>) {
        if (out != nullptr) {
            using Output = detail::SharedStorage<procpool::shared_vector<R>>;
            detail::set_map_into<typename Call::Task, R>(draft.spec,
                                                         Output::resize_for_overwrite(*out, count));
        } else {
            detail::set_map<typename Call::Task, R>(draft.spec);
        }
    } else {
        detail::set_map<typename Call::Task, R>(draft.spec);
    }
    auto sink = std::make_shared<Collected<R>>(count);
    draft.spec.sink = sink;
    return {engine.start(std::move(draft.spec)), sink};
}

/// Waits for it, but not for ever.
template <class R>
std::shared_ptr<Collected<R>> finish(procpool::detail::Engine& engine, const Started<R>& started) {
    started.sink->resolved = engine.wait(started.job, procpool::detail::Clock::now() + patience);
    if (!started.sink->resolved) {
        engine.abandon(started.job);
    }
    return started.sink;
}

/// Both. Results in place become the values here.
template <class R, class F, class Range>
std::shared_ptr<Collected<R>> collect(procpool::detail::Engine& engine, const F& f,
                                      const Range& range, const procpool::MapOptions& options = {},
                                      procpool::shared_vector<R>* out = nullptr) {
    const auto sink =
        engine_test::finish(engine, engine_test::start<R>(engine, f, range, options, out));
    if constexpr (procpool::detail::Trivial<R>) {
        if (out != nullptr && sink->resolved) {
            for (std::uint64_t i = 0; i < out->size(); ++i) {
                if (!sink->items[i].failure) {
                    sink->items[i].value = (*out)[i];
                }
            }
        }
    }
    return sink;
}

}  // namespace engine_test
