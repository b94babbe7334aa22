#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <dlfcn.h>
#include <sched.h>
#include <unistd.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "collected.hpp"
#include "engine/shared/steps.hpp"
#include "engine/shared/words.hpp"
#include "pool_map.hpp"
#include "support/shared.hpp"
#include "tracer.hpp"

/// Kills a worker after each single instruction of a path through the protocol, in a run of its
/// own, and compares what came of every item with what was done to it.
///
/// A path begins and ends where the worker comes by a mark: a step of docs/protocol.md, or the
/// beginning or end of an item. First the path is walked once, instruction by instruction. Then
/// comes one run for each of them: the worker runs to a breakpoint near the instruction, is stepped
/// from there, and killed before it.
///
/// A system call is one instruction. Small loops (they copy bytes) are walked a thousand
/// instructions far and then left. An instruction that takes more than `Effort::farthest` stops is
/// left out. The report says how many of each there are.
namespace engine_test::stepping {

using procpool::detail::Failure;
using procpool::engine::Step;

inline constexpr std::uint64_t most_items = 8;
inline constexpr std::uint64_t no_item = ~std::uint64_t{0};

struct Stage {
    std::atomic<bool> armed{false};     ///< the next worker at the beginning of the path is stepped
    std::atomic<pid_t> stepped{0};      ///< this one
    std::atomic<int> place{0};          ///< of it
    std::atomic<bool> attached{false};  ///< the tracer is there
    std::atomic<bool> ended{false};     ///< the path is behind it
    std::atomic<bool> over{false};      ///< it is dead: the others go on
    std::atomic<bool> held{false};      ///< a thief waits where the path wants it
    std::atomic<int> run{0};            ///< number of the call
    std::array<std::atomic<std::uint32_t>, most_items> starts{};
    std::array<std::atomic<pid_t>, most_items> by{};  ///< who started it last
};
inline support::Shared<Stage> stage;

// In a worker -------------------------------------------------------------------------------------

struct Path {
    const char* name;
    int processes;
    std::size_t max_tasks;
    std::size_t chunksize;
    std::uint64_t items;
    void (*at_step)(Step, int worker);
    void (*at_start)(std::uint64_t item);
    void (*at_finish)(std::uint64_t item);
    enum class Call { fixed, text, in_place, bound, find, large } call;
    enum class Failing { nothing, one_throws, fail_fast, one_dies } failing;
};
inline const Path* path = nullptr;  // set before its pool is made

inline constexpr std::uint64_t failing_item = 1;
/// The paths of stealing: the last item is a claim of its own. Whoever runs it has nothing to do
/// then, and steals others.
inline std::uint64_t alone() { return path->items - 1; }
inline int my_place = 0;
inline bool stepped_here = false;

inline void wait_for(const auto& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    const int run = stage->run;
    while (!condition() && !stage->over && stage->run == run &&
           std::chrono::steady_clock::now() < until) {
        ::sched_yield();
    }
}
inline void wait_for_the_end() {
    wait_for([] { return false; });
}

inline void begin() {
    if (!stage->armed.exchange(false)) {
        return;
    }
    stepped_here = true;
    stage->place = my_place;
    stage->stepped = ::getpid();
    while (!stage->attached) {
        ::sched_yield();
    }
    if (stage->stepped == ::getpid()) {  // or there is no permission
        asm volatile("int3");
    }
}
/// The stepped worker waits for nobody.
inline void end() {
    if (stage->stepped != ::getpid() || stage->ended.exchange(true)) {
        return;
    }
    asm volatile("int3");
}

inline void reach_step(Step step, int worker) {
    my_place = worker;
    if (path->at_step != nullptr) {
        path->at_step(step, worker);
    }
}
inline void start_item(std::uint64_t item) {
    ++stage->starts[item];
    stage->by[item] = ::getpid();
    if (path->at_start != nullptr) {
        path->at_start(item);
    }
}
inline void finish_item(std::uint64_t item) {
    if (path->at_finish != nullptr) {
        path->at_finish(item);
    }
}

inline std::uint64_t number_of(std::uint64_t item) { return procpool::engine::mix(item + 1); }
inline std::string text_of(std::uint64_t item) {
    return std::string(20 + item, static_cast<char>('a' + item));
}
inline std::string large_text_of(std::uint64_t item) {
    return item == failing_item ? std::string((std::size_t{4} << 20U) + 100'000, 'x')
                                : text_of(item);
}

inline std::uint64_t give_number(std::uint64_t item) {
    start_item(item);
    if (item == failing_item && path->failing == Path::Failing::one_dies &&
        stage->starts[item] == 1) {
        ::kill(::getpid(), SIGKILL);
    }
    const bool throws = item == failing_item && (path->failing == Path::Failing::one_throws ||
                                                 path->failing == Path::Failing::fail_fast);
    finish_item(item);
    if (throws) {
        throw std::out_of_range("one of the items");
    }
    return number_of(item);
}
inline std::string give_text(std::uint64_t item) {
    start_item(item);
    std::string text = text_of(item);
    finish_item(item);
    return text;
}
inline std::string give_large_text(std::uint64_t item) {
    start_item(item);
    std::string text = large_text_of(item);
    finish_item(item);
    return text;
}
inline std::uint64_t give_bound(std::uint64_t item, const std::vector<std::uint64_t>& bound) {
    return give_number(item) ^ bound.at(item);
}
inline std::optional<std::uint64_t> give_if_found(std::uint64_t item) {
    start_item(item);
    finish_item(item);
    return item == failing_item ? std::optional(number_of(item)) : std::nullopt;
}

// Where paths begin and end -----------------------------------------------------------------------

template <std::uint64_t Item>
void begin_at(std::uint64_t item) {
    if (item == Item) {
        begin();
    }
}
template <std::uint64_t Item>
void end_at(std::uint64_t item) {
    if (item == Item) {
        end();
    }
}
template <Step Where>
void end_at_step(Step step, int /*worker*/) {
    if (step == Where) {
        end();
    }
}
template <Step First, Step Last>
void from_to(Step step, int /*worker*/) {
    if (step == First) {
        begin();
    } else if (step == Last) {
        end();
    }
}
inline void end_anywhere(std::uint64_t /*item*/) { end(); }

/// The worker of item 0 claims behind the other one, which keeps item 1 meanwhile.
inline void claim_behind(Step step, int /*worker*/) {
    if (step == Step::claim_released && stage->by[0] == ::getpid()) {
        begin();
    }
}
inline void start_behind(std::uint64_t item) {
    end();
    if (stage->over) {
        return;
    }
    if (item == 0) {
        wait_for([] { return stage->starts[1] != 0; });
    } else if (item == 1) {
        wait_for_the_end();
    }
}

/// Is this the worker that steals, from that of item 0?
inline bool is_thief() { return stage->by[0] != 0 && stage->by[0] != ::getpid() && !stage->over; }
/// The victim waits in its first item for as long as it takes.
inline void steal_steps(Step step, int /*worker*/) {
    if (step == Step::claim_written && is_thief() && stage->starts[alone()] != 0) {
        begin();
    }
}
inline void steal_start(std::uint64_t item) {
    end();
    if (item == 0) {
        wait_for_the_end();
    }
}
/// While the victim is in its first item, the other worker steals from item `First` on.
template <std::uint64_t First>
void lose_start(std::uint64_t item) {
    if (item == 0) {
        wait_for([] { return stage->starts[First] != 0; });
    } else if (is_thief() && item != alone()) {
        wait_for_the_end();
    }
}
/// The thief does not come farther than its proposal, before the victim refuses it.
inline void refuse_steps(Step step, int /*worker*/) {
    if (step == Step::theft_proposed && is_thief()) {
        stage->held = true;
        wait_for_the_end();
    }
}
inline void refuse_start(std::uint64_t item) {
    end();
    if (item == 0) {
        wait_for([] { return stage->held.load(); });
    }
}
inline void be_refused_steps(Step step, int /*worker*/) {
    if (step == Step::theft_proposed && is_thief()) {
        stage->held = true;
        wait_for([] { return stage->starts[1] != 0; });
        begin();
    } else if (step == Step::claim_idle) {
        end();
    }
}
inline void be_refused_start(std::uint64_t item) {
    if (item == 0) {
        wait_for([] { return stage->held.load(); });
    } else if (item == 1) {
        wait_for_the_end();
    }
}

inline void own_frame_steps(Step step, int /*worker*/) {
    if (step == Step::frame_published && stage->starts[failing_item] != 0) {
        begin();
    }
}
inline void closing_steps(Step step, int /*worker*/) {
    if (step == Step::single_written) {
        begin();
    } else if (step == Step::claim_released) {
        end();
    }
}
inline void inheriting_steps(Step step, int /*worker*/) {
    if (step == Step::worker_starts && stage->starts[failing_item] != 0) {
        begin();
    }
}
inline void bell_steps(Step step, int /*worker*/) {
    if (step == Step::claim_released && stage->starts[3] != 0) {
        begin();
    } else if (step == Step::bell_rung) {
        end();
    }
}

using Call = Path::Call;
using Failing = Path::Failing;
inline constexpr std::array paths{
    Path{"claiming", 1, 0, 1, 4, &from_to<Step::claim_released, Step::parking>, &end_anywhere,
         nullptr, Call::fixed, Failing::nothing},
    Path{"claiming_behind_another", 2, 0, 1, 5, &claim_behind, &start_behind, nullptr, Call::fixed,
         Failing::nothing},
    Path{"stealing", 2, 0, 6, 7, &steal_steps, &steal_start, nullptr, Call::fixed,
         Failing::nothing},
    Path{"losing_a_part", 2, 0, 6, 7, &end_at_step<Step::claim_released>, &lose_start<3>,
         &begin_at<0>, Call::fixed, Failing::nothing},
    Path{"losing_the_next_item", 2, 0, 2, 3, &end_at_step<Step::claim_released>, &lose_start<1>,
         &begin_at<0>, Call::fixed, Failing::nothing},
    Path{"refusing_a_theft", 2, 0, 2, 3, &refuse_steps, &refuse_start, &begin_at<0>, Call::fixed,
         Failing::nothing},
    Path{"being_refused", 2, 0, 2, 3, &be_refused_steps, &be_refused_start, nullptr, Call::fixed,
         Failing::nothing},
    Path{"publishing_numbers", 1, 0, 3, 6, &end_at_step<Step::claim_released>, nullptr,
         &begin_at<2>, Call::fixed, Failing::nothing},
    Path{"publishing_texts", 1, 0, 3, 6, &end_at_step<Step::claim_released>, nullptr, &begin_at<2>,
         Call::text, Failing::nothing},
    Path{"publishing_in_place", 1, 0, 3, 6, &end_at_step<Step::claim_released>, nullptr,
         &begin_at<2>, Call::in_place, Failing::nothing},
    Path{"ringing_the_bell", 1, 0, 4, 4, &bell_steps, nullptr, nullptr, Call::fixed,
         Failing::nothing},
    Path{"a_timed_item", 1, 0, 6, 6, nullptr, &end_at<2>, &begin_at<0>, Call::fixed,
         Failing::nothing},
    Path{"a_large_result", 1, 0, 3, 3, nullptr, &end_at<2>, &begin_at<1>, Call::large,
         Failing::nothing},
    Path{"throwing", 1, 0, 4, 4, &end_at_step<Step::frame_published>, nullptr, &begin_at<1>,
         Call::fixed, Failing::one_throws},
    Path{"a_frame_of_its_own", 1, 0, 4, 4, &own_frame_steps, &end_at<2>, nullptr, Call::fixed,
         Failing::one_throws},
    Path{"closing_after_a_failure", 1, 0, 2, 6, &closing_steps, nullptr, nullptr, Call::fixed,
         Failing::fail_fast},
    Path{"closing_after_a_find", 1, 0, 2, 6, &end_at_step<Step::claim_released>, nullptr,
         &begin_at<1>, Call::find, Failing::nothing},
    Path{"preparing", 1, 0, 3, 6, &from_to<Step::claim_taken, Step::parking>, &end_at<0>, nullptr,
         Call::bound, Failing::nothing},
    Path{"retirement", 1, 2, 4, 6, nullptr, nullptr, &begin_at<1>, Call::fixed, Failing::nothing},
    Path{"taking_over_a_claim", 1, 0, 4, 4, &inheriting_steps, &end_at<2>, nullptr, Call::fixed,
         Failing::one_dies},
};

// In the client -----------------------------------------------------------------------------------

/// How much of a path is killed at.
struct Effort {
    std::size_t kills = ~std::size_t{0};  ///< at most so many runs, evenly spread
    std::size_t longest = 20'000;         ///< instructions of a path that are looked at
    std::size_t farthest = 1'000;         ///< stops on the way to an instruction
};

struct Report {
    std::size_t instructions = 0;
    std::size_t addresses = 0;  ///< of different instructions
    std::size_t kills = 0;
    std::size_t left_out = 0;  ///< instructions in loops
    std::size_t strayed = 0;   ///< kills elsewhere, as this run took another way
    std::size_t waiting = 0;   ///< kills in a system call that did not return
    std::size_t loops = 0;     ///< that were not walked to their end
    std::size_t repeated = 0;  ///< calls in which no worker came to the beginning of the path
    bool cut = false;          ///< the path is longer than what is looked at
    double seconds = 0;
    int no_permission = 0;  ///< errno of ptrace
    std::string problem;    ///< the first; empty: none
};

inline std::string place_in_code(std::uintptr_t place) {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(place), &info) == 0 || info.dli_fname == nullptr) {
        return "?";
    }
    std::array<char, 32> offset{};
    std::snprintf(offset.data(), offset.size(), "+0x%" PRIxPTR,
                  place - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
    return std::string(info.dli_fname) + offset.data();
}

/// The runs of one path, one after another in one pool.
class Runs {
public:
    explicit Runs(const Path& which) : map_(which.processes) {
        path = &which;
        procpool::engine::step_hook = &reach_step;
        if (which.call == Call::find) {
            pool_.emplace(procpool::PoolOptions{.processes = which.processes,
                                                .start = procpool::Start::fork});
        } else {
            procpool::detail::EngineOptions options;
            options.processes = which.processes;
            options.start = procpool::Start::fork;
            options.max_tasks_per_child = which.max_tasks;
            engine_.emplace(options);
        }
    }

    Report run(const Effort& effort) {
        const auto began = std::chrono::steady_clock::now();
        Report report;
        if (!map_.is_right()) {
            report.problem = "the pool is not where it was expected";
            return report;
        }
        walk(effort, report);
        report.instructions = way_.size();
        report.addresses = met_.size();
        report.loops = loops_;
        std::vector<std::size_t> targets;
        for (std::size_t k = 1; k < way_.size(); ++k) {
            if (approach(k, effort.farthest).cost <= effort.farthest) {
                targets.push_back(k);
            } else {
                ++report.left_out;
            }
        }
        const std::size_t every = std::max<std::size_t>(1, targets.size() / effort.kills);
        for (std::size_t i = every / 2; i < targets.size() && report.problem.empty(); i += every) {
            kill_at(targets[i], i, report);
        }
        if (report.problem.empty()) {
            finish_quietly(report);
        }
        report.waiting = tracer_.blocked();
        report.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        return report;
    }

private:
    struct Outcome {
        std::vector<int> deliveries;
        std::vector<bool> right;  ///< a value, and the right one
        std::vector<std::optional<Failure>> failures;
        bool resolved = false;
        bool found = true;  ///< what was searched for
    };

    // A call ---------------------------------------------------------------------------------

    template <class R>
    static Outcome outcome_of(const Collected<R>& collected, const auto& expected) {
        Outcome outcome;
        outcome.resolved = collected.resolved;
        for (std::uint64_t i = 0; i < collected.items.size(); ++i) {
            const auto& item = collected.items[i];
            outcome.deliveries.push_back(item.deliveries);
            outcome.right.push_back(item.value && !item.failure && *item.value == expected(i));
            outcome.failures.push_back(item.failure);
        }
        return outcome;
    }

    Outcome call(int retries) {
        std::vector<std::uint64_t> items(path->items);
        for (std::uint64_t i = 0; i < items.size(); ++i) {
            items[i] = i;
        }
        procpool::MapOptions options{.chunksize = path->chunksize, .retries = retries};
        options.fail_fast = path->failing == Failing::fail_fast;
        if (path->name == std::string("a_timed_item")) {
            options.timeout = std::chrono::hours(1);
        }
        switch (path->call) {
            case Call::text:
                return outcome_of(*collect<std::string>(*engine_, &give_text, items, options),
                                  text_of);
            case Call::large:
                return outcome_of(*collect<std::string>(*engine_, &give_large_text, items, options),
                                  large_text_of);
            case Call::in_place: {
                procpool::shared_vector<std::uint64_t> out;
                return outcome_of(
                    *collect<std::uint64_t>(*engine_, &give_number, items, options, &out),
                    number_of);
            }
            case Call::bound: {
                std::vector<std::uint64_t> bound(path->items);
                for (std::uint64_t i = 0; i < bound.size(); ++i) {
                    bound[i] = 1000 + i;
                }
                return outcome_of(
                    *collect<std::uint64_t>(*engine_, procpool::bind_back(&give_bound, bound),
                                            items, options),
                    [](std::uint64_t i) { return number_of(i) ^ (1000 + i); });
            }
            case Call::find: {
                Outcome outcome;
                options.retries = 1;  // it is found, whoever is killed
                options.timeout = std::chrono::seconds(20);
                const auto found = pool_->find_any(&give_if_found, items, options);
                outcome.found = found && *found == number_of(failing_item);
                outcome.resolved = true;
                return outcome;
            }
            default:
                return outcome_of(*collect<std::uint64_t>(*engine_, &give_number, items, options),
                                  number_of);
        }
    }

    // A run ----------------------------------------------------------------------------------

    /// One call, whose stepped worker dies. `walk_it` is called when that worker has stopped at the
    /// beginning of the path, and returns where it is to be killed. Where two workers play, one
    /// may be late for its part: then the call is made again.
    void with_worker(int retries, bool early, const std::string& name, Report& report,
                     const std::function<void()>& walk_it) {
        constexpr int most_tries = 3;
        for (int i = 1; i <= most_tries; ++i) {
            if (try_with_worker(retries, early, name, report, walk_it) ||
                report.no_permission != 0 || !report.problem.empty()) {
                return;
            }
            ++report.repeated;
        }
        problem(report, name + ": no worker came by");
    }

    bool try_with_worker(int retries, bool early, const std::string& name, Report& report,
                         const std::function<void()>& walk_it) {
        ++stage->run;
        stage->attached = stage->ended = stage->over = stage->held = false;
        stage->stepped = 0;
        for (std::uint64_t i = 0; i < most_items; ++i) {
            stage->starts[i] = 0;
            stage->by[i] = 0;
        }
        stage->armed = true;
        Outcome outcome;
        std::thread caller([&] {
            try {
                outcome = call(retries);
            } catch (const std::exception& exception) {
                problem(report, name + ": the call threw " + exception.what());
            }
        });
        running_ = no_item;
        const pid_t worker = attach(report);
        if (worker != 0) {
            walk_it();
            note_what_runs();
            ++report.kills;
            tracer_.begin_kill();
            if (early) {
                // The others go on while it is dead, and not yet buried.
                stage->over = true;
                std::this_thread::sleep_for(std::chrono::microseconds(300));
            }
            tracer_.kill();
        }
        stage->armed = false;
        stage->attached = true;
        stage->over = true;
        caller.join();
        if (report.problem.empty()) {
            check(outcome, retries, worker, name, report);
        }
        return worker != 0;
    }

    /// The worker that is to be stepped, stopped at the beginning of the path; 0: none.
    pid_t attach(Report& report) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (stage->stepped == 0 && std::chrono::steady_clock::now() < until) {
            ::sched_yield();
        }
        const pid_t worker = stage->stepped;
        if (worker == 0) {
            return 0;
        }
        if (const int error = tracer_.seize(worker); error != 0) {
            report.no_permission = report.kills == 0 && error != ESRCH ? error : 0;
            stage->stepped = 0;
            return 0;
        }
        stage->attached = true;
        return tracer_.wait() == Tracer::Stop::gone ? 0 : worker;
    }

    /// What the dead worker's slot must say was running: the one item that may be lost.
    void note_what_runs() {
        const procpool::engine::Slot& slot = map_.slot(stage->place);
        const std::uint64_t current = slot.current;
        const bool own_frame_published =
            slot.frame_pos != slot.tail && slot.frame_first > procpool::engine::item_of(current);
        const bool runs = procpool::engine::is_running(current) && !own_frame_published;
        running_ = runs ? procpool::engine::item_of(current) : no_item;
        phase_ = slot.phase;
    }

    /// Walks the path once, and remembers the way.
    void walk(const Effort& effort, Report& report) {
        with_worker(1, false, "first walk", report, [&] {
            while (!stage->ended) {
                if (way_.size() == effort.longest) {
                    report.cut = true;
                    return;
                }
                if (leave_loop() && stage->ended) {
                    return;
                }
                const std::uintptr_t here = tracer_.place();
                std::size_t& met = met_[here];
                met += met == uncounted ? 0 : 1;
                meets_.push_back(met == uncounted ? 0 : met);
                way_.push_back(here);
                if (tracer_.step() == Tracer::Stop::gone) {
                    return;
                }
            }
        });
    }

    /// How to come to an instruction of the way: runs to `from` with a breakpoint that is met
    /// `meets` times, and steps on.
    struct Approach {
        std::size_t from = 0;
        std::size_t meets = 0;  ///< 0: steps from the beginning
        std::size_t cost = 0;   ///< stops
    };
    [[nodiscard]] Approach approach(std::size_t k, std::size_t farthest) const {
        Approach best{0, 0, k};
        for (std::size_t at = k; at > 0 && k - at < std::min(best.cost, farthest + 1); --at) {
            const std::size_t cost = 2 * meets_[at] + (k - at);
            if (meets_[at] != 0 && cost < best.cost && !unreachable_.contains(way_[at])) {
                best = {at, meets_[at], cost};
            }
        }
        return best;
    }

    /// The way goes round and round in a small loop that copies bytes: runs to its end. A loop ends
    /// behind its last instruction.
    bool leave_loop() {
        constexpr std::size_t rounds = 1000;
        if (way_.size() < looked_at_ + rounds) {
            return false;
        }
        looked_at_ = way_.size();
        const auto [first, last] = std::minmax_element(way_.end() - rounds, way_.end());
        const std::uintptr_t begin = *first;
        const std::uintptr_t end = *last;
        if (end - begin > 256) {
            return false;
        }
        // The code is the same in this process.
        const auto* code = reinterpret_cast<const unsigned char*>(end);
        const bool repeats = begin == end && code[0] == 0xf3;
        const std::size_t size = repeats ? (code[1] == 0x48 ? 3 : 2) : (code[0] == 0x0f ? 6 : 2);
        if (!repeats && (code[0] & 0xf0U) != 0x70U && code[0] != 0x0f) {
            return false;
        }
        if (tracer_.run_to(end + size) != Tracer::Ran::there) {
            return false;
        }
        for (std::size_t i = way_.size() - rounds; i < way_.size(); ++i) {
            met_[way_[i]] = uncounted;
        }
        ++loops_;
        return true;
    }

    void kill_at(std::size_t k, std::size_t number, Report& report) {
        const int retries = static_cast<int>(number % 2);
        const std::string name = std::string(path->name) + ", killed before instruction " +
                                 std::to_string(k) + " at " + place_in_code(way_[k]) +
                                 (retries != 0 ? ", retries" : "");
        with_worker(retries, number % 3 == 1, name, report, [&] {
            Approach how = approach(k, k);
            while (how.meets != 0) {
                const Tracer::Ran ran = tracer_.run_to(way_[how.from], how.meets);
                if (ran == Tracer::Ran::there) {
                    break;
                }
                if (ran != Tracer::Ran::not_possible) {
                    ++report.strayed;
                    return;
                }
                unreachable_.try_emplace(way_[how.from], true);  // in the kernel's page
                how = approach(k, k);
            }
            std::size_t at = how.from;
            for (; at < k && !stage->ended; ++at) {
                if (tracer_.step() == Tracer::Stop::gone) {
                    ++report.strayed;
                    return;
                }
            }
            report.strayed += tracer_.place() != way_[k] ? 1 : 0;
        });
    }

    /// The pool works on when nobody is killed.
    void finish_quietly(Report& report) {
        stage->armed = false;
        stage->over = true;
        for (auto& starts : stage->starts) {
            starts = 0;
        }
        running_ = no_item;
        check(call(0), 0, 0, std::string(path->name) + ", afterwards", report);
    }

    // What came of it ------------------------------------------------------------------------

    static void problem(Report& report, const std::string& what) {
        if (report.problem.empty()) {
            report.problem = what;
        }
    }

    void check(const Outcome& outcome, int retries, pid_t worker, const std::string& name,
               Report& report) const {
        const auto wrong = [&](std::uint64_t item, const std::string& what) {
            problem(report, name + ": item " + std::to_string(item) + " " + what +
                                "; it was started " + std::to_string(stage->starts[item]) +
                                " times, what ran is " +
                                (running_ == no_item ? "nothing" : std::to_string(running_)) +
                                ", phase " + std::to_string(phase_));
        };
        if (!outcome.resolved) {
            problem(report, name + ": the call did not end, phase " + std::to_string(phase_));
            return;
        }
        if (!outcome.found) {
            problem(report, name + ": nothing was found");
        }
        bool reason = false;
        bool cancelled = false;
        for (std::uint64_t i = 0; i < outcome.deliveries.size(); ++i) {
            if (outcome.deliveries[i] != 1) {
                wrong(i, "was delivered " + std::to_string(outcome.deliveries[i]) + " times");
            }
            const auto& failure = outcome.failures[i];
            if (!failure) {
                if (!outcome.right[i]) {
                    wrong(i, "has a wrong value");
                }
                continue;
            }
            const bool dies = path->failing == Failing::one_dies && i == failing_item;
            const bool throws =
                (path->failing == Failing::one_throws || path->failing == Failing::fail_fast) &&
                i == failing_item;
            switch (failure->kind) {
                case Failure::Kind::thrown:
                    reason = true;
                    if (!throws) {
                        wrong(i, "threw: " + failure->message);
                    }
                    break;
                case Failure::Kind::died:
                    reason = true;
                    if (!dies && (retries != 0 || i != running_ || failure->signal != SIGKILL ||
                                  failure->worker_pid != worker)) {
                        wrong(i, "was lost: " + procpool::detail::describe(*failure) +
                                     "; killed was " + std::to_string(worker));
                    }
                    break;
                case Failure::Kind::cancelled:
                    cancelled = true;
                    break;
                default:
                    wrong(i, "failed: " + procpool::detail::describe(*failure));
            }
        }
        if (cancelled && (path->failing != Failing::fail_fast || !reason)) {
            problem(report, name + ": cancelled for no reason");
        }
        const bool search = path->call == Call::find;
        for (std::uint64_t i = 0; i < path->items; ++i) {
            const bool again =
                (i == running_ && (retries != 0 || search)) ||
                (path->failing == Failing::one_dies && i == failing_item && retries != 0);
            if (stage->starts[i] > (again ? 2U : 1U)) {
                wrong(i, "ran again");
            }
        }
    }

    PoolMap map_;
    std::optional<procpool::detail::Engine> engine_;
    std::optional<procpool::Pool> pool_;
    Tracer tracer_;
    std::vector<std::uintptr_t> way_;  // of the first walk: each instruction before it is executed
    std::vector<std::size_t> meets_;   // each: how often it was met by then; 0: not known
    static constexpr std::size_t uncounted = ~std::size_t{0};
    std::unordered_map<std::uintptr_t, std::size_t> met_;
    std::size_t looked_at_ = 0;  // instructions, for a loop
    std::size_t loops_ = 0;
    std::unordered_map<std::uintptr_t, bool> unreachable_;  // no breakpoint can be set there
    std::uint64_t running_ = no_item;
    std::uint64_t phase_ = 0;
};

inline void print(const Path& which, const Report& report) {
    std::printf(
        "%-24s %6zu instructions%s at %5zu addresses, %6zu kills, %zu left out, %zu loops, %zu "
        "strayed, %zu waiting, %zu repeated, %.2f s\n",
        which.name, report.instructions, report.cut ? "+" : "", report.addresses, report.kills,
        report.left_out, report.loops, report.strayed, report.waiting, report.repeated,
        report.seconds);
    if (!report.problem.empty()) {
        std::printf("    %s\n", report.problem.c_str());
    }
    std::fflush(stdout);
}

}  // namespace engine_test::stepping
