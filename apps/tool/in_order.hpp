#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <procpool/pool.hpp>

#include "workers.hpp"

namespace tool {

/// Ends the work because of the exception that is being handled: it came from the task of this name
/// or from the pool. To be called in a catch block. Throws Stopped.
[[noreturn]] void stop_for(const std::string& task);
/// Ends the work because the task of this name has lost its worker `deaths` times. Throws Stopped.
[[noreturn]] void stop_for_deaths(const std::string& task, int deaths,
                                  const procpool::WorkerDied& last);

/// Tasks on a pool whose results come in the order in which the tasks were given, whichever was
/// done first. A task whose worker dies is started again, so a death changes nothing but a count.
/// A task that loses its worker several times is to blame itself: it ends the work. Results that
/// were not taken are dropped with this object. For one thread.
template <class Item, class Result>
class InOrder {
public:
    /// Gives an item to the pool. `deaths`: how many workers it has cost before.
    using Start = std::function<procpool::AsyncResult<Result>(const Item&, int deaths)>;
    /// The task in words, for a message.
    using Name = std::function<std::string(const Item&)>;

    InOrder(Workers& workers, Start start, Name name)
        : workers_(workers), start_(std::move(start)), name_(std::move(name)) {}

    /// Starts a task as the last one, or as the one whose result comes next. Does not wait. Throws
    /// Stopped when the pool is broken.
    void give(const Item& item) { given_.push_back(begun(item)); }
    void give_first(const Item& item) { given_.push_front(begun(item)); }

    [[nodiscard]] bool empty() const { return given_.empty(); }
    [[nodiscard]] std::size_t size() const { return given_.size(); }

    /// The result of the first task, of which there must be one; nothing if it does not come within
    /// `patience`. Throws Stopped when the task fails, takes too long or loses its worker again and
    /// again, and when the pool is broken.
    std::optional<Result> take(std::chrono::nanoseconds patience) {
        const bool ready = given_.front().result.wait(patience);
        workers_.look_around();
        if (!ready) {
            return std::nullopt;
        }
        Given first = std::move(given_.front());
        given_.pop_front();
        try {
            return first.result.get();
        } catch (const procpool::WorkerDied& death) {
            workers_.count_death(death.worker_pid());
            ++first.deaths;
            if (first.deaths == most_deaths) {
                stop_for_deaths(name_(first.item), first.deaths, death);
            }
        } catch (...) {
            stop_for(name_(first.item));
        }
        first.result = started(first.item, first.deaths);
        given_.push_front(std::move(first));
        return std::nullopt;
    }

    /// Calls use(item, result) for the results that are there, in order, and drops the other tasks.
    template <class Use>
    void take_what_is_ready(const Use& use) {
        for (Given& given : given_) {
            if (given.result.ready() && given.result.successful()) {
                use(given.item, given.result.get());
            }
        }
        given_.clear();
    }

private:
    static constexpr int most_deaths = 5;

    struct Given {
        Item item;
        procpool::AsyncResult<Result> result;
        int deaths = 0;
    };

    Given begun(const Item& item) { return {item, started(item, 0)}; }
    procpool::AsyncResult<Result> started(const Item& item, int deaths) {
        try {
            return start_(item, deaths);
        } catch (...) {
            stop_for(name_(item));
        }
    }

    Workers& workers_;
    Start start_;
    Name name_;
    std::deque<Given> given_;
};

}  // namespace tool
