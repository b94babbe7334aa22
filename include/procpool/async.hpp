#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/async_result.hpp>
#include <procpool/detail/completion.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/submitted_job.hpp>

PROCPOOL_BEGIN_NAMESPACE

// Several results at a time. The results lie in any range that is walked twice, a vector for
// example, and may be of several pools; one thread at a time uses them. All throw std::logic_error
// for one that was moved from.
//
//     std::vector<mp::AsyncResult<int>> results = ...;
//     for (mp::AsyncResult<int>& result : mp::as_completed(results)) use(result.get());

namespace detail {

struct Results {
    template <class R>
    static EngineJob job(const AsyncResult<R>& result) {
        return result.job_.job();
    }
};

template <class T>
inline constexpr bool is_result = false;
template <class R>
inline constexpr bool is_result<AsyncResult<R>> = true;

template <class Range>
concept RangeOfResults = AnyRange<Range> && std::is_lvalue_reference_v<Reference<Range>> &&
                         is_result<std::remove_cvref_t<Reference<Range>>>;

template <RangeOfResults Range>
std::vector<EngineJob> jobs_of(Range& results) {
    std::vector<EngineJob> jobs;
    for (auto& result : results) {
        jobs.push_back(Results::job(result));
    }
    return jobs;
}

/// Waits until all are resolved. False if they are not at the deadline.
bool wait_all(const std::vector<EngineJob>& jobs, Clock::time_point deadline);

template <RangeOfResults Range>
auto wait_any_of(Range& results, Clock::time_point deadline) {
    const std::vector<EngineJob> jobs = detail::jobs_of(results);
    const std::vector<std::size_t> resolved = detail::wait_any(jobs, deadline);
    auto at = range_access::first(results);
    const std::size_t steps = resolved.empty() ? jobs.size() : resolved.front();
    for (std::size_t i = 0; i < steps; ++i) {
        ++at;
    }
    return at;
}

}  // namespace detail

/// Waits until one of the results is there, a value or an error: an iterator to the first such. The
/// end if there are none at all.
template <detail::RangeOfResults Range>
auto wait_any(Range& results) {
    return detail::wait_any_of(results, detail::Clock::time_point::max());
}

/// The same, but at most `timeout`: then the end. A timeout of 0 only looks.
template <detail::RangeOfResults Range>
auto wait_any(Range& results, std::chrono::nanoseconds timeout) {
    return detail::wait_any_of(results, detail::deadline_after(timeout));
}

/// Waits until all of the results are there.
template <detail::RangeOfResults Range>
void wait_all(Range& results) {
    detail::wait_all(detail::jobs_of(results), detail::Clock::time_point::max());
}

/// Waits at most `timeout`. True if all of the results are there.
template <detail::RangeOfResults Range>
[[nodiscard]] bool wait_all(Range& results, std::chrono::nanoseconds timeout) {
    return detail::wait_all(detail::jobs_of(results), detail::deadline_after(timeout));
}

/// References to results, each when it is there: what as_completed returns. An input range that
/// only moves. Reading an element waits for it; going on and looking for the end do not. The
/// results stay where they are meanwhile.
template <class Result>
class [[nodiscard]] Completed {
    struct State {
        std::vector<Result*> results;
        detail::Completion completion;
    };

public:
    class Iterator {
    public:
        using value_type = Result;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        [[nodiscard]] Result& operator*() const {
            return *state_->results[state_->completion.current()];
        }
        Iterator& operator++() {
            state_->completion.advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const Iterator& at, std::default_sentinel_t) {
            return at.state_->completion.is_at_end();
        }

    private:
        friend Completed;
        explicit Iterator(State& state) : state_(&state) {}

        State* state_;
    };

    /// Only made by as_completed.
    Completed(std::vector<Result*> results, std::vector<detail::EngineJob> jobs)
        : state_(std::make_unique<State>(
              State{std::move(results), detail::Completion(std::move(jobs))})) {}

    [[nodiscard]] Iterator begin() { return Iterator(*state_); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

private:
    std::unique_ptr<State> state_;
};

/// The results in the order in which they become ready. Those that are ready at the same look come
/// in the order of the range.
template <detail::RangeOfResults Range>
auto as_completed(Range& results) {
    using Result = std::remove_reference_t<detail::Reference<Range>>;
    std::vector<Result*> each;
    for (auto& result : results) {
        each.push_back(std::addressof(result));
    }
    return Completed<Result>(std::move(each), detail::jobs_of(results));
}

PROCPOOL_END_NAMESPACE
