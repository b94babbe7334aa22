#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include <procpool/detail/engine.hpp>

#include "collected.hpp"
#include "engine/shared/steps.hpp"
#include "engine/shared/words.hpp"
#include "support/beginners.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

/// Kills workers at one step of the protocol while maps run, and compares what came of every item
/// with what was done to it.
namespace engine_test {

using procpool::detail::Failure;
using procpool::engine::Step;

inline constexpr std::array<const char*, procpool::engine::step_count> step_names{
    "worker_starts",  "claim_idle",       "claim_evidence",  "claim_written",   "claim_intent",
    "claim_swapped",  "claim_taken",      "claim_inherited", "frame_opened",    "item_written",
    "header_written", "frame_published",  "bell_rung",       "claim_released",  "single_written",
    "single_marked",  "single_published", "part_published",  "theft_proposed",  "theft_checked",
    "theft_decided",  "theft_recorded",   "theft_refused",   "theft_word_shut", "closing",
    "closed",         "preparing",        "prepared",        "retiring",        "retired",
    "token_taken",    "token_returned",   "parking"};

/// What items give.
/// `slow`: numbers, after half a millisecond, so that workers steal. `pristine`: texts, each from a
/// copy of the worker.
enum class Shape { fixed, text, in_place, thrower, slow, pristine, large };
inline constexpr std::array shapes{Shape::fixed, Shape::text,     Shape::in_place, Shape::thrower,
                                   Shape::slow,  Shape::pristine, Shape::large};
inline constexpr std::array shape_names{"fixed", "text",     "in_place", "thrower",
                                        "slow",  "pristine", "large"};

/// Maps that run at the same time, each with items of its own.
inline constexpr std::uint64_t lanes = 2;
inline constexpr std::uint64_t items_of_lane = 512;

struct Executions {
    std::atomic<std::uint32_t> starts{0};
    std::atomic<std::uint32_t> cuts{0};      ///< starts that a kill cut short
    std::atomic<std::uint32_t> finished{0};  ///< in this map: its number
    std::atomic<pid_t> worker{0};
};

struct World {
    std::atomic<int> step{-1};    ///< workers die here
    std::atomic<int> feeder{-1};  ///< and here, to have more of them start
    std::atomic<int> budget{0};   ///< kills left
    std::atomic<std::uint32_t> spacing{1};
    std::atomic<std::uint32_t> seen{0};
    std::atomic<std::uint32_t> kills{0};  ///< at `step`
    support::Beginners beginners;
    std::atomic<std::uint32_t> reruns{0};  ///< starts of items that were known to be finished
    std::array<std::atomic<std::uint32_t>, lanes> map{};  ///< counts the maps of a lane
    std::array<std::atomic<bool>, lanes> in_copies{};     ///< of workers: the items of this map
    std::array<Executions, lanes * items_of_lane> items;
};

inline support::Shared<World> world;

// In a worker -------------------------------------------------------------------------------------

inline std::optional<std::uint64_t> running_item;   // neither published nor in an open frame
inline std::optional<std::uint64_t> previous_item;  // started before this one, in this process
inline std::uint32_t previous_map = 0;

inline void start_item(std::uint64_t id) {
    const std::uint32_t map = world->map[id / items_of_lane];
    // The next one starts, so the last one is finished.
    if (previous_item && previous_map == world->map[*previous_item / items_of_lane]) {
        world->items[*previous_item].finished = previous_map;
    }
    Executions& item = world->items[id];
    if (item.finished == map) {
        ++world->reruns;
    }
    item.worker = world->in_copies[id / items_of_lane] ? ::getppid() : ::getpid();
    ++item.starts;
    world->beginners.note();
    running_item = previous_item = id;
    previous_map = map;
}

[[noreturn]] inline void die_here() {
    if (running_item) {
        ++world->items[*running_item].cuts;
    }
    ::kill(::getpid(), SIGKILL);
    for (;;) {
        ::pause();
    }
}

inline void kill_hook(Step step, int /*worker*/) {
    if (step == Step::item_written || step == Step::single_published) {
        running_item.reset();
    }
    const int here = static_cast<int>(step);
    if (step == Step::claim_intent && world->step == static_cast<int>(Step::claim_idle)) {
        ::sched_yield();  // another one takes what this one wants
    }
    if (here == world->feeder && world->budget > 0 && world->seen.fetch_add(1) % 4 == 1) {
        die_here();
    }
    if (here != world->step || world->seen.fetch_add(1) % world->spacing != 0) {
        return;
    }
    if (world->budget.fetch_sub(1) <= 0) {
        ++world->budget;
        return;
    }
    ++world->kills;
    die_here();
}

inline std::uint64_t number_of(std::uint64_t id) { return procpool::engine::mix(id + 1); }
inline std::string text_of(std::uint64_t id) {
    return std::string(number_of(id) % 300, static_cast<char>('a' + id % 26));
}
inline std::string large_text_of(std::uint64_t id) {
    return id % 3 == 1 ? std::string((std::size_t{9} << 19U) + id, static_cast<char>('a' + id % 26))
                       : text_of(id);
}

inline std::uint64_t give_number(std::uint64_t id) {
    start_item(id);
    return number_of(id);
}
inline std::uint64_t give_slowly(std::uint64_t id) {
    start_item(id);
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    return number_of(id);
}
inline std::string give_text(std::uint64_t id) {
    start_item(id);
    return text_of(id);
}
inline std::string give_large_text(std::uint64_t id) {
    start_item(id);
    return large_text_of(id);
}
inline std::uint64_t give_or_throw(std::uint64_t id) {
    start_item(id);
    if (id % 3 == 0) {
        throw std::out_of_range("item " + std::to_string(id));
    }
    return number_of(id);
}

// In the client -----------------------------------------------------------------------------------

/// What was done and what was wrong with it.
struct Tally {
    std::uint64_t kills = 0, maps = 0, items = 0;
    std::uint64_t wrong = 0, delivered_twice = 0, rerun = 0, hung = 0;
    std::string first_problem;

    void problem(std::uint64_t& which, const std::string& what) {
        ++which;
        if (first_problem.empty()) {
            first_problem = what;
        }
    }
    [[nodiscard]] bool clean() const { return wrong + delivered_twice + rerun + hung == 0; }
    void add(const Tally& other) {
        kills += other.kills;
        maps += other.maps;
        items += other.items;
        wrong += other.wrong;
        delivered_twice += other.delivered_twice;
        rerun += other.rerun;
        hung += other.hung;
        if (first_problem.empty()) {
            first_problem = other.first_problem;
        }
    }
};

/// Who kills: the hook, which counts what it cuts short, or somebody outside.
enum class Killer { hook, outside };

template <class R, class Expected>
void check(Tally& tally, const Collected<R>& collected, std::uint64_t first, int retries,
           Killer killer, Expected expected) {
    ++tally.maps;
    if (!collected.resolved) {
        std::string missing;
        for (std::size_t i = 0; i < collected.items.size(); ++i) {
            if (collected.items[i].deliveries == 0) {
                missing += " " + std::to_string(i);
            }
        }
        tally.problem(tally.hung, "a map did not end; not delivered:" + missing);
        return;
    }
    for (std::size_t i = 0; i < collected.items.size(); ++i) {
        ++tally.items;
        const auto& item = collected.items[i];
        const Executions& done = world->items[first + i];
        const std::string name = "item " + std::to_string(first + i) + ", started " +
                                 std::to_string(done.starts) + " times, cut short " +
                                 std::to_string(done.cuts) + " times";
        if (item.deliveries != 1) {
            tally.problem(tally.delivered_twice, name + ": delivered twice");
        }
        const bool lost = retries == 0 && done.cuts != 0;
        if (killer == Killer::hook && done.starts != (retries == 0 ? 1 : 1 + done.cuts)) {
            tally.problem(tally.rerun, name);
        }
        if (lost) {
            const bool right = item.failure && item.failure->kind == Failure::Kind::died &&
                               item.failure->signal == SIGKILL && item.failure->index == i &&
                               item.failure->worker_pid == done.worker && !item.value;
            if (!right) {
                tally.problem(tally.wrong, name + ": does not say that it died");
            }
        } else if (!expected(first + i, item)) {
            tally.problem(tally.wrong,
                          name + ": wrong" +
                              (item.failure ? ": " + procpool::detail::describe(*item.failure)
                                            : std::string()));
        }
    }
}

/// One map with its check.
inline Tally map_once(procpool::detail::Engine& engine, Shape shape, int retries,
                      std::size_t chunksize, std::uint64_t lane = 0, Killer killer = Killer::hook) {
    const std::uint64_t first = lane * items_of_lane;
    std::vector<std::uint64_t> ids(shape == Shape::large      ? 5
                                   : shape == Shape::thrower  ? 60
                                   : shape == Shape::slow     ? 40
                                   : shape == Shape::pristine ? (sanitized ? 10 : 30)
                                                              : 200);
    world->in_copies[lane] = shape == Shape::pristine;
    chunksize = shape == Shape::slow ? ids.size() : chunksize;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ids[i] = first + i;
        Executions& item = world->items[ids[i]];
        item.starts = item.cuts = 0;
    }
    ++world->map[lane];
    const procpool::MapOptions options{
        .chunksize = chunksize, .retries = retries, .pristine = shape == Shape::pristine};
    const auto is_number = [](std::uint64_t id, const auto& item) {
        return !item.failure && item.value == number_of(id);
    };
    Tally tally;
    switch (shape) {
        case Shape::fixed:
            check(tally, *collect<std::uint64_t>(engine, &give_number, ids, options), first,
                  retries, killer, is_number);
            break;
        case Shape::slow:
            check(tally, *collect<std::uint64_t>(engine, &give_slowly, ids, options), first,
                  retries, killer, is_number);
            break;
        case Shape::in_place: {
            procpool::shared_vector<std::uint64_t> out;
            check(tally, *collect<std::uint64_t>(engine, &give_number, ids, options, &out), first,
                  retries, killer, is_number);
            break;
        }
        case Shape::text:
        case Shape::pristine:
            check(tally, *collect<std::string>(engine, &give_text, ids, options), first, retries,
                  killer, [](std::uint64_t id, const auto& item) {
                      return !item.failure && item.value == text_of(id);
                  });
            break;
        case Shape::large:
            check(tally, *collect<std::string>(engine, &give_large_text, ids, options), first,
                  retries, killer, [](std::uint64_t id, const auto& item) {
                      return !item.failure && item.value == large_text_of(id);
                  });
            break;
        case Shape::thrower:
            check(tally, *collect<std::uint64_t>(engine, &give_or_throw, ids, options), first,
                  retries, killer, [&](std::uint64_t id, const auto& item) {
                      if (id % 3 != 0) {
                          return is_number(id, item);
                      }
                      return item.failure && !item.value &&
                             item.failure->kind == Failure::Kind::thrown &&
                             item.failure->message == "item " + std::to_string(id);
                  });
            break;
    }
    return tally;
}

struct Trial {
    Step step{};
    int processes = 1;
    Shape shape{};
    int retries = 0;
    int threads = 1;    ///< that map at the same time
    int kills = 1;      ///< until there were so many
    int most_maps = 1;  ///< or so many maps
};

/// Steps that maps of these shapes do not come by: see kill_at_end_step_test.cpp.
inline bool is_of_an_end(Step step) { return step >= Step::theft_refused && step <= Step::retired; }
inline std::vector<int> steps_of_maps() {
    std::vector<int> steps;
    for (int step = 0; step < procpool::engine::step_count; ++step) {
        if (!is_of_an_end(static_cast<Step>(step))) {
            steps.push_back(step);
        }
    }
    return steps;
}

/// Can workers reach the step in such a trial at all?
inline bool reachable(const Trial& trial) {
    if (trial.shape == Shape::slow) {
        return trial.processes > 1 && trial.step >= Step::claim_intent &&
               trial.step <= Step::theft_recorded && trial.step != Step::part_published &&
               (trial.step < Step::single_written || trial.step > Step::single_published);
    }
    switch (trial.step) {
        case Step::theft_proposed:
        case Step::theft_checked:
        case Step::theft_decided:
        case Step::theft_recorded:
            return false;
        case Step::claim_idle:
        case Step::claim_evidence:
            return trial.processes > 1;
        case Step::part_published:
            return trial.shape == Shape::large;
        case Step::single_written:
        case Step::single_marked:
        case Step::single_published:
            return trial.shape == Shape::large || trial.shape == Shape::thrower;
        default:
            return true;
    }
}

inline Tally run_trial(const Trial& trial) {
    procpool::engine::step_hook = &kill_hook;
    world->step = -1;
    world->feeder = -1;
    world->kills = 0;
    world->reruns = 0;
    world->budget = trial.kills;
    procpool::detail::EngineOptions options;
    options.processes = trial.processes;
    procpool::detail::Engine engine(options);
    if (trial.step == Step::worker_starts) {
        world->feeder = static_cast<int>(Step::claim_released);
    }
    if (trial.step == Step::claim_inherited) {
        world->feeder = static_cast<int>(Step::frame_opened);
    }
    world->step = static_cast<int>(trial.step);
    Tally tally;
    for (int map = 0; map < trial.most_maps && world->budget > 0 && tally.clean(); ++map) {
        // Where a replacement comes by again at once, only some are killed, so that work gets done.
        world->spacing = 1 + static_cast<std::uint32_t>(map) % 3 +
                         (trial.step == Step::worker_starts || trial.step >= Step::token_taken);
        const std::size_t chunksize =
            std::array<std::size_t, 3>{0, 1, 7}[static_cast<std::size_t>(map / 2 % 3)];
        std::vector<Tally> results(static_cast<std::size_t>(trial.threads));
        std::vector<std::thread> others;
        for (std::uint64_t lane = 1; lane < results.size(); ++lane) {
            others.emplace_back([&, lane] {
                results[lane] = map_once(engine, trial.shape, trial.retries, chunksize, lane);
            });
        }
        results[0] = map_once(engine, trial.shape, trial.retries, chunksize);
        for (std::thread& other : others) {
            other.join();
        }
        for (const Tally& result : results) {
            tally.add(result);
        }
    }
    world->step = -1;
    world->feeder = -1;
    tally.kills = world->kills;
    if (world->reruns != 0) {
        tally.problem(tally.rerun, "an item ran again after it had finished");
    }
    return tally;
}

inline std::string describe(const Trial& trial) {
    return std::string(step_names[static_cast<std::size_t>(trial.step)]) + ", " +
           std::to_string(trial.processes) + " workers, " +
           shape_names[static_cast<std::size_t>(trial.shape)] +
           (trial.retries != 0 ? ", retries" : ", no retries") + ", " +
           std::to_string(trial.threads) + " threads";
}

}  // namespace engine_test
