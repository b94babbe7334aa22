#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bar.hpp"
#include "tool/in_order.hpp"
#include "tool/interrupt.hpp"
#include "tool/workers.hpp"

namespace forest {

/// Thrown when the work ends because of Ctrl-C.
struct Interrupted {};

struct FitRunnerOptions {
    int processes = 0;                    ///< 0: the CPUs that this process may use
    std::chrono::nanoseconds timeout{0};  ///< of a fit; 0: none
    std::size_t fits = 0;                 ///< how many there will be in all
    std::size_t crashes = 0;  ///< how many of them crash at their first try; spread evenly
    /// Called after each fit: how many are done, and the workers that there are now.
    std::function<void(std::size_t done, const std::vector<pid_t>& workers)> watch{};
};

/// Runs fits on a pool of processes, each as one task. A fit whose worker dies is done again, so a
/// death changes nothing but a count. For one thread.
class FitRunner {
public:
    /// Throws tool::SystemLimit when the processes cannot be started.
    explicit FitRunner(FitRunnerOptions options);

    /// Calls fit(item) in a worker for each of the items, and take(i, result) here, in the order of
    /// the items. `fit` is sent to the workers: a lambda that captures values and addresses of
    /// shared memory. name(item) is the fit in words, for messages. Blocks.
    ///
    /// Throws Interrupted after Ctrl-C. Throws tool::Stopped when a fit throws, takes longer than
    /// the timeout or loses its worker again and again, and when the pool is broken. Before it
    /// throws, it calls take() for the fits that are done.
    template <class Item, class Fit, class Name, class Take>
    void each(std::string_view label, const std::vector<Item>& items, Fit fit, Name name,
              Take take) {
        using Result = decltype(fit(items[0]));
        const auto task = [fit](const Item& item, bool crash) {
            if (crash) {
                std::raise(SIGSEGV);
            }
            return fit(item);
        };
        const procpool::TaskOptions options{.timeout = options_.timeout};
        tool::InOrder<Try, Result> ahead(
            workers_,
            [&](const Try& at, int deaths) {
                return workers_.pool().submit(options, task, items[at.item],
                                              at.crashes && deaths == 0);
            },
            [&](const Try& at) { return name(items[at.item]); });

        Bar bar(label, items.size());
        std::size_t begun = 0;
        try {
            for (std::size_t i = 0; i < items.size(); ++i) {
                // Only a bounded number of fits is started ahead.
                while (begun < items.size() && ahead.size() < ahead_at_most()) {
                    ahead.give({begun++, crashes_next()});
                }
                std::optional<Result> result;
                while (!(result = ahead.take(std::chrono::milliseconds(50)))) {
                    bar.show(i);
                    if (tool::Interrupt::pressed()) {
                        throw Interrupted();
                    }
                }
                take(i, std::move(*result));
                one_more_done();
                bar.show(i + 1);
                if (tool::Interrupt::pressed() && i + 1 < items.size()) {
                    throw Interrupted();
                }
            }
        } catch (...) {
            ahead.take_what_is_ready([&](const Try& at, Result result) {
                take(at.item, std::move(result));
                ++done_;
            });
            throw;
        }
    }

    [[nodiscard]] int processes() const { return workers_.processes(); }
    [[nodiscard]] std::size_t done() const { return done_; }
    /// Workers that died (see tool::Workers).
    [[nodiscard]] std::size_t deaths() { return workers_.deaths(); }

private:
    struct Try {
        std::size_t item = 0;
        bool crashes = false;  // at the first try
    };

    [[nodiscard]] std::size_t ahead_at_most() const {
        return 4 * static_cast<std::size_t>(workers_.processes());
    }
    bool crashes_next();
    void one_more_done();

    FitRunnerOptions options_;
    tool::Workers workers_;
    std::size_t begun_ = 0;
    std::size_t done_ = 0;
};

}  // namespace forest
