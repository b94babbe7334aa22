#include <bit>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/failures.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

/// A reduction whose workers die, hang and are killed meanwhile.
namespace {

namespace mp = procpool;
using namespace std::chrono_literals;
using support::await;
using support::Counter;
using support::failure_of;
using support::numbers;
using support::Shared;

double term(int i) { return (i % 2 == 0 ? 1.0 : -1.0) / (1.0 + 0.37 * i); }

TEST(Reduction, NamesTheItemWhoseWorkerDied) {
    mp::Pool pool{2};
    const auto die = [](int x) { return x == 777 ? std::raise(SIGKILL) : x; };
    try {
        pool.transform_reduce(numbers(2'000), 0, std::plus<>{}, die);
        FAIL() << "no error";
    } catch (const mp::WorkerDied& death) {
        EXPECT_EQ(death.index(), 777U);
        EXPECT_EQ(death.signal(), SIGKILL);
    }
}

TEST(Reduction, NamesTheLowestOfTheItemsWhoseWorkersDied) {
    mp::Pool pool{2};
    const auto die = [](int x) { return x % 500 == 499 ? std::raise(SIGKILL) : x; };
    EXPECT_EQ(
        failure_of([&] { pool.transform_reduce(numbers(2'000), 0, std::plus<>{}, die); }).index(),
        499U);
}

TEST(Reduction, LeavesThePoolAsGoodAsNewAfterADeath) {
    mp::Pool pool{2};
    const auto die = [](int x) { return x == 5 ? std::raise(SIGKILL) : x; };
    EXPECT_THROW(pool.transform_reduce(numbers(2'000), 0, std::plus<>{}, die), mp::WorkerDied);
    EXPECT_EQ(pool.transform_reduce(numbers(2'000), 0, std::plus<>{}, std::identity{}), 1'999'000);
}

TEST(Reduction, AReduceThatCrashesCostsAWorkerNotTheProgram) {
    mp::Pool pool{2};
    const auto crash = [](int a, int b) { return a > 400 && b > 1 ? std::raise(SIGKILL) : a + b; };
    try {
        pool.transform_reduce(std::vector<int>(1'000, 1), 0, crash, std::identity{},
                              {.chunksize = 100});
        FAIL() << "no error";
    } catch (const mp::WorkerDied& death) {
        EXPECT_EQ(death.index(), 500U);
    }
}

TEST(Reduction, GivesTheSameBitsWhenItsWorkersAreKilled) {
    mp::Pool quiet{2};
    const double expected = quiet.transform_reduce(numbers(3'001), 0.1, std::plus<>{}, term);
    struct Board {
        Counter died[8];
    };
    Shared<Board> board;
    mp::Pool pool{3};
    // Some items take their worker along, once each, at the beginning, inside and at the end of
    // blocks.
    const auto die_once = [at = board.get()](int x) {
        if (x % 400 == 0 && ++at->died[x / 400] == 1) {
            std::raise(SIGKILL);
        }
        return term(x);
    };
    const double sum =
        pool.transform_reduce(numbers(3'001), 0.1, std::plus<>{}, die_once, {.retries = 1});
    EXPECT_EQ(std::bit_cast<std::uint64_t>(sum), std::bit_cast<std::uint64_t>(expected));
}

TEST(Reduction, GivesTheSameBitsWhenItsWorkersAreKilledFromOutside) {
    Shared<Counter> begun;
    Shared<Counter> kills;
    mp::Pool pool{3};
    const double expected = pool.transform_reduce(numbers(60'000), 0.1, std::plus<>{}, term);
    const auto counted = [at = begun.get(), killed = kills.get()](int x) {
        ++*at;
        if (x == 0) {
            await(*killed);
        }
        return term(x);
    };
    const pid_t server = pool.apply([] { return ::getppid(); });
    std::jthread killer([&](const std::stop_token& stop) {
        while (*kills < 20 && !stop.stop_requested()) {
            const int seen = *begun;
            for (const pid_t worker : pool.worker_pids()) {
                *kills += support::kill_child(worker, server) ? 1 : 0;
            }
            // Until the work goes on, or is over.
            while (*begun == seen && !stop.stop_requested()) {
                std::this_thread::yield();
            }
        }
    });
    const double sum =
        pool.transform_reduce(numbers(60'000), 0.1, std::plus<>{}, counted, {.retries = 1000});
    killer.request_stop();
    killer.join();
    EXPECT_GT(*kills, 0);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(sum), std::bit_cast<std::uint64_t>(expected));
}

TEST(Reduction, EachItemOfABlockHasItsOwnTries) {
    struct Board {
        Counter died[100];
    };
    Shared<Board> board;
    mp::Pool pool{2};
    const auto die_once = [at = board.get()](int x) {
        return ++at->died[x] == 1 ? std::raise(SIGKILL) : x;
    };
    EXPECT_EQ(pool.transform_reduce(numbers(20), 0, std::plus<>{}, die_once,
                                    {.chunksize = 10, .retries = 1}),
              190);
}

TEST(Reduction, AnItemThatAlwaysKillsItsWorkerRunsOutOfTries) {
    Shared<Counter> tries;
    mp::Pool pool{2};
    const auto die = [at = tries.get()](int x) { return x == 7 ? ++*at, std::raise(SIGKILL) : x; };
    EXPECT_EQ(failure_of([&] {
                  pool.transform_reduce(numbers(20), 0, std::plus<>{}, die,
                                        {.chunksize = 10, .retries = 2});
              }).index(),
              7U);
    EXPECT_EQ(*tries, 3);
}

TEST(Reduction, ATimeoutIsForEachItemNotForItsBlock) {
    mp::Pool pool{1};
    // All of a block takes far longer than an item may.
    const auto rest = [](int x) {
        std::this_thread::sleep_for(30ms);
        return x;
    };
    EXPECT_EQ(pool.transform_reduce(numbers(60), 0, std::plus<>{}, rest,
                                    {.chunksize = 60, .timeout = 1s}),
              1'770);
}

TEST(Reduction, ATimeoutEndsTheItemThatDoesNotEnd) {
    mp::Pool pool{2};
    const auto hang = [](int x) {
        while (x == 33) {
            ::pause();
        }
        return x;
    };
    try {
        pool.transform_reduce(numbers(100), 0, std::plus<>{}, hang,
                              {.chunksize = 20, .timeout = 500ms});
        FAIL() << "no error";
    } catch (const mp::TaskTimeout& timeout) {
        EXPECT_EQ(timeout.index(), 33U);
    }
}

TEST(Reduction, AnItemAskedToEndDoesNotAskTheNextOfItsBlock) {
    mp::Pool pool{1};
    const auto patient = [](int x) {
        const std::stop_token stop = mp::this_task::stop_token();
        if (x == 3) {
            await([&] { return stop.stop_requested(); }, "being asked to end");
        }
        return x != 3 && stop.stop_requested() ? 1'000 : 1;
    };
    EXPECT_EQ(pool.transform_reduce(numbers(10), 0, std::plus<>{}, patient,
                                    {.chunksize = 10, .timeout = 200ms, .grace = 30s}),
              10);
}

TEST(Reduction, FailFastStartsNoMoreBlocks) {
    Shared<Counter> started;
    mp::Pool pool{1};
    const auto fail = [at = started.get()](int x) {
        ++*at;
        return x == 10 ? throw std::runtime_error("no") : x;
    };
    EXPECT_EQ(failure_of([&] {
                  pool.transform_reduce(numbers(1'000), 0, std::plus<>{}, fail,
                                        {.chunksize = 10, .fail_fast = true});
              }).index(),
              10U);
    EXPECT_LT(*started, 1'000);
}

TEST(Reduction, AStopCancelsTheRest) {
    Shared<Counter> started;
    std::stop_source stop;
    mp::Pool pool{2};
    std::jthread stopper([&] {
        await(*started);
        stop.request_stop();
    });
    const auto wait = [at = started.get()](int x) {
        ++*at;
        while (x == 50) {
            ::pause();
        }
        return x;
    };
    EXPECT_THROW(
        pool.transform_reduce(numbers(100), 0, std::plus<>{}, wait, {.stop = stop.get_token()}),
        mp::TaskCancelled);
}

TEST(Reduction, OfAPoolWithALimitOfTasksReplacesItsWorkers) {
    mp::Pool pool{{.processes = 2, .max_tasks_per_child = 50}};
    const std::vector<pid_t> before = pool.worker_pids();
    EXPECT_EQ(pool.transform_reduce(numbers(1'000), 0, std::plus<>{}, std::identity{}), 499'500);
    EXPECT_NE(pool.worker_pids(), before);
}

TEST(Reduction, RunsInATaskThatOwnsAPool) {
    mp::Pool pool{2};
    const auto nested = [](int count) {
        mp::Pool inner{2};
        return inner.transform_reduce(numbers(count), 0, std::plus<>{}, std::identity{});
    };
    EXPECT_EQ(pool.transform_reduce({10, 100}, 0, std::plus<>{}, nested), 45 + 4'950);
}

TEST(Reduction, OfManyThreadsAtOnceIsRight) {
    mp::Pool pool{2};
    std::vector<std::jthread> threads;
    Counter right{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                right += pool.transform_reduce(numbers(1'000), 0, std::plus<>{}, std::identity{}) ==
                                 499'500
                             ? 1
                             : 0;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(right, 80);
}

}  // namespace
