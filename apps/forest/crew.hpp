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
#include "tool/crew.hpp"
#include "tool/interrupt.hpp"

namespace forest {

/// Thrown where the work is left after Ctrl-C.
struct Interrupted {};

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
    /// Throws tool::SystemLimit when the processes cannot be started.
    explicit Crew(CrewOptions options);

    /// fit(item) in a worker for each of the items; take(i, result) here, in the order of the
    /// items. `fit` travels: a lambda that captures values and addresses of shared memory.
    /// name(item) is for messages. Blocks.
    ///
    /// Throws Interrupted after Ctrl-C, and tool::Stopped when a fit throws, takes longer than the
    /// timeout or loses its worker again and again, or the pool is broken; take() has had what was
    /// finished then.
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
            crew_,
            [&](const Try& at, int deaths) {
                return crew_.pool().submit(options, task, items[at.item],
                                           at.crashes && deaths == 0);
            },
            [&](const Try& at) { return name(items[at.item]); });

        Bar bar(label, items.size());
        std::size_t begun = 0;
        try {
            for (std::size_t i = 0; i < items.size(); ++i) {
                // A bounded number of fits, begun in order.
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

    [[nodiscard]] int processes() const { return crew_.processes(); }
    [[nodiscard]] std::size_t done() const { return done_; }
    /// Workers that died, as far as was seen.
    [[nodiscard]] std::size_t deaths() { return crew_.deaths(); }

private:
    struct Try {
        std::size_t item = 0;
        bool crashes = false;  // at first
    };

    [[nodiscard]] std::size_t ahead_at_most() const {
        return 4 * static_cast<std::size_t>(crew_.processes());
    }
    bool crashes_next();
    void one_more_done();

    CrewOptions options_;
    tool::Crew crew_;
    std::size_t begun_ = 0;
    std::size_t done_ = 0;
};

}  // namespace forest
