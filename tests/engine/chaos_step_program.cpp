// Kills workers by the thousand while maps run, counts, and exits with 1 if anything was wrong:
//
//   chaos_step [--kills N] [--per-step N] [--idle-rounds N] [--seed N]
//
// --kills: at random moments, from a thread that knows nothing of what they do; --per-step: at each
// step of docs/protocol.md; --idle-rounds: every idle worker of pools of 1, 2, 4 and 8.

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "kill_at_step.hpp"
#include "os/polling.hpp"
#include "support/processes.hpp"

namespace {

using namespace engine_test;
using procpool::detail::Engine;

std::unique_ptr<Engine> make_engine(int processes) {
    procpool::detail::EngineOptions options;
    options.processes = processes;
    return std::make_unique<Engine>(options);
}

void report(const char* what, const Tally& tally) {
    std::printf("%-34s %7" PRIu64 " kills %7" PRIu64 " maps %9" PRIu64
                " items; wrong results %" PRIu64 ", double deliveries %" PRIu64
                ", re-run finished items %" PRIu64 ", hung %" PRIu64 "\n",
                what, tally.kills, tally.maps, tally.items, tally.wrong, tally.delivered_twice,
                tally.rerun, tally.hung);
    if (!tally.clean()) {
        std::printf("    %s\n", tally.first_problem.c_str());
    }
    std::fflush(stdout);
}

// At random moments -------------------------------------------------------------------------------

/// Starts of the items of all maps so far beyond the first of each.
std::uint64_t extra_starts(std::uint64_t lane, std::size_t count) {
    std::uint64_t extra = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t starts = world->items[lane * items_of_lane + i].starts;
        extra += starts > 0 ? starts - 1 : 0;
    }
    return extra;
}

Tally kill_at_random(std::uint64_t kills, std::uint64_t seed) {
    Tally total;
    std::uint64_t again = 0;
    std::mt19937_64 random(seed);
    world->step = -1;
    for (int round = 0; total.kills < kills && total.clean(); ++round) {
        const int processes = std::array{2, 4, 1, 8, 3}[static_cast<std::size_t>(round % 5)];
        const auto engine = make_engine(processes);
        const pid_t server = support::look_up(engine->worker_pids().at(0)).value().parent;
        const std::uint64_t until = std::min(kills, total.kills + 250);
        std::atomic<std::uint64_t> killed{total.kills};
        std::atomic<bool> over{false};
        const std::uint64_t killer_seed = random();
        std::thread killer([&] {
            std::mt19937_64 moments(killer_seed);
            while (killed < until && !over) {
                const auto pause = std::chrono::microseconds(moments() % 1500);
                std::this_thread::sleep_for(pause);
                const std::vector<pid_t> pids = engine->worker_pids();
                if (pids.empty()) {
                    continue;
                }
                const pid_t victim = pids[moments() % pids.size()];
                if (!world->beginners.is_to_be_spared(victim) &&
                    support::kill_child(victim, server)) {
                    ++killed;
                }
            }
        });
        std::vector<Tally> tallies(lanes);
        std::vector<std::uint64_t> extra(lanes);
        const auto work = [&](std::uint64_t lane, std::uint64_t lane_seed) {
            std::mt19937_64 choices(lane_seed);
            while (killed < until && tallies[lane].clean()) {
                // Large results are slow: a few are enough.
                const std::uint64_t shape = choices() % 25;
                tallies[lane].add(map_once(
                    *engine, shape == 0 ? Shape::large : shapes[shape % (shapes.size() - 1)], 1000,
                    std::array<std::size_t, 3>{0, 1, 7}[choices() % 3], lane, Killer::outside));
                extra[lane] += extra_starts(lane, items_of_lane);
            }
            if (!tallies[lane].clean()) {
                over = true;
            }
        };
        std::thread second(work, 1, random());
        work(0, random());
        second.join();
        killer.join();
        total.kills = killed;
        for (std::uint64_t lane = 0; lane < lanes; ++lane) {
            total.add(tallies[lane]);
            again += extra[lane];
        }
        if (world->reruns != 0) {
            total.problem(total.rerun, "an item ran again after it had finished");
        }
        if (again > total.kills) {
            total.problem(total.rerun, "more items ran again than workers were killed");
        }
    }
    std::printf("%" PRIu64 " items were cut short and ran again\n", again);
    return total;
}

// While idle --------------------------------------------------------------------------------------

/// Waits until every place of the pool is filled by another process than those that were killed.
std::vector<pid_t> living_workers(const Engine& engine, int processes,
                                  const std::vector<pid_t>& killed) {
    for (;;) {
        std::vector<pid_t> pids = engine.worker_pids();
        std::erase_if(pids, [&](pid_t pid) {
            const procpool::os::Fd process = procpool::os::open_pidfd(pid);
            return !process || procpool::os::has_ended(process) ||
                   std::find(killed.begin(), killed.end(), pid) != killed.end();
        });
        if (static_cast<int>(pids.size()) == processes) {
            return pids;
        }
        ::usleep(200);
    }
}

Tally kill_idle(int rounds) {
    Tally total;
    world->step = -1;
    for (const int processes : {1, 2, 4, 8}) {
        const auto engine = make_engine(processes);
        std::vector<pid_t> pids;
        for (int round = 0; round < rounds && total.clean(); ++round) {
            pids = living_workers(*engine, processes, pids);
            const pid_t server = support::look_up(pids.at(0)).value().parent;
            for (const pid_t pid : pids) {
                total.kills += support::kill_child(pid, server);
            }
            total.add(map_once(*engine, shapes[static_cast<std::size_t>(round) % 4], 1000, 0, 0,
                               Killer::outside));
        }
    }
    return total;
}

// At each step ------------------------------------------------------------------------------------

Tally kill_at(Step step, std::uint64_t kills) {
    Tally total;
    for (int round = 0; total.kills < kills && total.clean() && round < 10'000; ++round) {
        const Trial trial{.step = step,
                          .processes = std::array{2, 4, 1, 3}[static_cast<std::size_t>(round % 4)],
                          .shape = shapes[static_cast<std::size_t>(round) % shapes.size()],
                          .retries = round % 3 == 0 ? 0 : 1000,
                          .threads = 1 + round / 2 % 2,
                          .kills = 25,
                          .most_maps = 100};
        if (!reachable(trial)) {
            continue;
        }
        const Tally tally = run_trial(trial);
        total.add(tally);
        if (!tally.clean()) {
            total.first_problem = describe(trial) + ": " + tally.first_problem;
        }
    }
    return total;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t kills = 300;
    std::uint64_t per_step = 25;
    int idle_rounds = 3;
    std::uint64_t seed = std::random_device()();
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (option == "--kills") {
            kills = value;
        }
        if (option == "--per-step") {
            per_step = value;
        }
        if (option == "--idle-rounds") {
            idle_rounds = static_cast<int>(value);
        }
        if (option == "--seed") {
            seed = value;
        }
    }
    std::printf("seed %" PRIu64 "\n", seed);
    procpool::engine::step_hook = &kill_hook;

    Tally total;
    const auto count = [&total](const std::string& what, const Tally& tally, std::uint64_t least) {
        report(what.c_str(), tally);
        total.add(tally);
        if (tally.kills < least) {
            total.problem(total.wrong, what + ": too few kills");
        }
    };
    count("at random moments", kill_at_random(kills, seed), kills);
    count("while idle", kill_idle(idle_rounds), static_cast<std::uint64_t>(idle_rounds) * 15);
    for (const int step : steps_of_maps()) {
        count("at " + std::string(step_names[static_cast<std::size_t>(step)]),
              kill_at(static_cast<Step>(step), per_step), per_step);
    }
    report("in all", total);
    return total.clean() ? EXIT_SUCCESS : EXIT_FAILURE;
}
