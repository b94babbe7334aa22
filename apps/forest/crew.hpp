#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <procpool/pool.hpp>

#include "errors.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace forest {

struct CrewOptions {
    int processes = 0;                    ///< 0: the CPUs that this process may use
    std::chrono::nanoseconds timeout{0};  ///< of a fit; 0: none
    std::size_t fits = 0;                 ///< that there will be in all
    std::size_t crashes = 0;              ///< of these, spread evenly, crash at their first try
    /// Called after each fit with the workers of the moment, and how many fits are done.
    std::function<void(std::size_t done, const std::vector<pid_t>& workers)> watch{};
};

/// The pool at work for this program: one fit, one task. A fit whose worker dies is done again, so
/// a death changes nothing but a count. Of one thread.
class Crew {
public:
    /// Throws SystemLimit when the processes cannot be started, BadInput when nobody could.
    explicit Crew(CrewOptions options);

    /// fit(item) in a worker for each of the items; take(i, result) here, in the order of the
    /// items. `fit` travels: a lambda that captures values and addresses of shared memory. Blocks.
    ///
    /// Throws Interrupted after Ctrl-C, when take() has had what was finished then; WorkFailed when
    /// a fit throws, takes longer than the timeout or loses its worker again and again.
    template <class Item, class Fit, class Take>
    void each(std::string_view label, const std::vector<Item>& items, Fit fit, Take take) {
        using Result = decltype(fit(items[0]));
        const auto task = [fit](const Item& item, bool crash) {
            if (crash) std::raise(SIGSEGV);
            return fit(item);
        };
        const auto start = [&](std::size_t i, bool crash) {
            return pool_->submit(procpool::TaskOptions{.timeout = options_.timeout}, task, items[i],
                                 crash);
        };

        Bar bar(label, items.size());
        std::deque<procpool::AsyncResult<Result>>
            ahead;  // a bounded number of fits, begun in order
        std::size_t begun = 0;
        for (std::size_t i = 0; i < items.size(); ++i) {
            while (begun < items.size() && ahead.size() < ahead_at_most())
                ahead.push_back(start(begun++, crashes_next()));
            for (int tries = 1;; ++tries) {
                while (!ahead.front().wait(std::chrono::milliseconds(50))) {
                    bar.show(i);
                    look_around();
                    if (Signals::interrupted()) {
                        take_what_is_ready(ahead, i, take);
                        throw Interrupted();
                    }
                }
                if (auto result = result_of(ahead.front(), tries)) {
                    take(i, std::move(*result));
                    break;
                }
                ahead.front() = start(i, false);
            }
            ahead.pop_front();
            one_more_done();
            bar.show(i + 1);
            if (Signals::interrupted() && i + 1 < items.size()) {
                take_what_is_ready(ahead, i + 1, take);
                throw Interrupted();
            }
        }
    }

    [[nodiscard]] int processes() const { return pool_->processes(); }
    [[nodiscard]] std::size_t done() const { return done_; }
    /// Workers that died, as far as was seen: while they held a fit, or missing since.
    [[nodiscard]] std::size_t deaths();

private:
    static constexpr int most_tries = 5;

    [[nodiscard]] std::size_t ahead_at_most() const {
        return 4 * static_cast<std::size_t>(pool_->processes());
    }
    bool crashes_next();
    void look_around();
    void one_more_done();
    void note_death(const procpool::WorkerDied& death, int tries);
    [[noreturn]] static void fail(const std::string& why);

    /// None: the worker died, and the fit is to be tried again.
    template <class Result>
    std::optional<Result> result_of(procpool::AsyncResult<Result>& fit, int tries) {
        try {
            return fit.get();
        } catch (const procpool::WorkerDied& death) {
            note_death(death, tries);
            return std::nullopt;
        } catch (const procpool::TaskFailure& failure) {
            fail(failure.message());
        }
    }

    template <class Ahead, class Take>
    void take_what_is_ready(Ahead& ahead, std::size_t i, Take& take) {
        for (auto& fit : ahead) {
            if (fit.ready() && fit.successful()) {
                take(i, fit.get());
                ++done_;
            }
            ++i;
        }
    }

    CrewOptions options_;
    std::optional<procpool::Pool> pool_;
    std::size_t begun_ = 0;
    std::size_t done_ = 0;
    std::set<pid_t> seen_;  // workers, ever
    std::set<pid_t> dead_;
};

}  // namespace forest
