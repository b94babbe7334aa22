#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <procpool/pool.hpp>

#include "exit.hpp"

namespace tool {

/// A pool of processes and the count of its deaths. Of one thread.
class Crew {
public:
    /// 0: the CPUs that this process may use. Throws SystemLimit when the processes cannot be
    /// started.
    explicit Crew(int processes);

    [[nodiscard]] procpool::Pool& pool() { return pool_; }
    [[nodiscard]] int processes() const { return pool_.processes(); }

    /// Sees who is missing.
    void look_around();
    /// This worker died and took its task along.
    void strike(pid_t worker) { dead_.insert(worker); }
    /// Workers that died, as far as was seen: while they held a task, or missing since.
    [[nodiscard]] std::size_t deaths();

private:
    procpool::Pool pool_;
    std::set<pid_t> seen_;  // workers, ever
    std::set<pid_t> dead_;
};

/// To be called where an exception is caught: what befell the task of this name, or the pool, as
/// the end of the work. Throws Stopped.
[[noreturn]] void stop_for(const std::string& task);
/// So many workers died of the task of this name. Throws Stopped.
[[noreturn]] void stop_for_deaths(const std::string& task, int deaths,
                                  const procpool::WorkerDied& last);

/// Why there is no memory to share, and what to do, where a limit says so: "files may have ...".
[[nodiscard]] std::optional<std::string> limit_of_shared_memory();

/// Tasks whose results come in the order in which they were given, whoever was first. One whose
/// worker dies is started again, so that a death changes nothing but a count; one that loses
/// several is not by chance, and the end of the work. Of one thread; what was given and not taken
/// is dropped with it.
template <class Item, class Result>
class InOrder {
public:
    /// `start` gives an item to the pool; how many workers it has cost is its second argument.
    using Start = std::function<procpool::AsyncResult<Result>(const Item&, int deaths)>;
    /// The task in words, for a message.
    using Name = std::function<std::string(const Item&)>;

    InOrder(Crew& crew, Start start, Name name)
        : crew_(crew), start_(std::move(start)), name_(std::move(name)) {}

    /// Neither waits. They throw Stopped when the pool is broken.
    void give(const Item& item) { given_.push_back(begun(item)); }
    void give_first(const Item& item) { given_.push_front(begun(item)); }

    [[nodiscard]] bool empty() const { return given_.empty(); }
    [[nodiscard]] std::size_t size() const { return given_.size(); }

    /// The result of the oldest; nothing if it does not come within `patience`. Throws Stopped when
    /// it fails, takes too long or loses its worker again and again, and when the pool is broken.
    std::optional<Result> take(std::chrono::nanoseconds patience) {
        const bool ready = given_.front().result.wait(patience);
        crew_.look_around();
        if (!ready) {
            return std::nullopt;
        }
        Given oldest = std::move(given_.front());
        given_.pop_front();
        try {
            return oldest.result.get();
        } catch (const procpool::WorkerDied& death) {
            crew_.strike(death.worker_pid());
            ++oldest.deaths;
            if (oldest.deaths == most_deaths) {
                stop_for_deaths(name_(oldest.item), oldest.deaths, death);
            }
        } catch (...) {
            stop_for(name_(oldest.item));
        }
        oldest.result = started(oldest.item, oldest.deaths);
        given_.push_front(std::move(oldest));
        return std::nullopt;
    }

    /// use(item, result) for what is ready now, in order; the rest is dropped.
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

    Crew& crew_;
    Start start_;
    Name name_;
    std::deque<Given> given_;
};

}  // namespace tool
