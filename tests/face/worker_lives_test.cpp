// procpool_test: TIMEOUT 60
// What a pool does for its workers: the initializer, limits, binding to CPUs, for_each_worker,
// this_worker::local.

#include <csignal>
#include <cstdlib>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>
#include <procpool/this_task.hpp>

#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::all_are;
using support::contains;
using support::contains_match;
using support::listed;
using support::numbers;

namespace {

int prepared = 0;
std::string model;

void prepare() { ++prepared; }
void load(const std::string& name) { model = name; }

std::string message_of(auto&& call) {
    try {
        call();
    } catch (const mp::InitializerFailed& e) {
        return e.what();
    } catch (const std::exception& e) {
        return std::string("another error: ") + e.what();
    }
    return "no error";
}

}  // namespace

TEST(Initializer, RunsOnceInEveryWorkerBeforeItsFirstItem) {
    mp::Pool pool{{.processes = 2, .initializer = prepare}};
    const auto seen = pool.map([](int) { return prepared; }, numbers(100), {.chunksize = 1});
    EXPECT_TRUE(all_are(1, seen));
    EXPECT_EQ(prepared, 0) << "the client is no worker";
}

TEST(Initializer, TakesBoundArguments) {
    mp::Pool pool{{.processes = 1, .initializer = mp::bind_back(load, std::string("iris"))}};
    EXPECT_EQ(pool.apply([] { return model; }), "iris");
}

TEST(Initializer, RunsInReplacementsToo) {
    mp::Pool pool{{.processes = 1, .initializer = prepare}};
    EXPECT_THROW(pool.apply([] { std::raise(SIGKILL); }), mp::WorkerDied);
    EXPECT_EQ(pool.apply([] { return prepared; }), 1);
}

TEST(Initializer, KnowsItsWorker) {
    static int id = -2;
    mp::Pool pool{{.processes = 1, .initializer = [] { id = mp::this_worker::id(); }}};
    EXPECT_EQ(pool.apply([] { return id; }), 0);
}

TEST(Initializer, ThatThrowsBreaksThePoolWithItsCause) {
    mp::Pool pool{{.processes = 2, .initializer = [] { throw std::runtime_error("no model"); }}};
    const std::string message = message_of([&] { pool.map([](int i) { return i; }, numbers(10)); });
    EXPECT_TRUE(contains_match(message, "threw std::runtime_error.*: no model;"));
    EXPECT_TRUE(contains(message, "mend the initializer"));
}

TEST(Initializer, ThatFailsFailsEveryLaterCallToo) {
    mp::Pool pool{{.processes = 1, .initializer = [] { throw 1; }}};
    EXPECT_THROW(pool.apply([] {}), mp::InitializerFailed);
    EXPECT_THROW(pool.apply([] {}), mp::InitializerFailed);
    EXPECT_THROW(static_cast<void>(pool.submit([] {})), mp::InitializerFailed);
}

TEST(Initializer, ThatDiesBreaksThePoolWithTheSignal) {
    mp::Pool pool{{.processes = 1, .initializer = [] { std::raise(SIGKILL); }}};
    EXPECT_TRUE(contains(message_of([&] { pool.apply([] {}); }), "SIGKILL"));
}

TEST(Initializer, ThatFailsFirstIsTheCauseThoughOthersAreKilledForIt) {
    static support::Shared<support::Counter> others;
    mp::Pool pool{{.processes = 2, .initializer = [] {
                       if (mp::this_worker::id() == 0) {
                           ++*others;
                           for (;;) {
                               ::pause();
                           }
                       }
                       support::await(*others);
                       std::raise(SIGTERM);
                   }}};
    while (!pool.worker_pids().empty()) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(contains(message_of([&] { pool.apply([] {}); }), "SIGTERM"));
}

TEST(Initializer, ThatExitsBreaksThePoolWithTheStatus) {
    mp::Pool pool{{.processes = 1, .initializer = [] { std::exit(3); }}};
    EXPECT_TRUE(contains(message_of([&] { pool.apply([] {}); }), "status 3"));
}

TEST(Initializer, ThatFailsInAReplacementResolvesEachItemThatIsLeftOfTryMap) {
    static support::Shared<support::Counter> workers;
    mp::Pool pool{{.processes = 1,
                   .initializer =
                       [] {
                           if (++*workers > 1) {
                               throw 1;
                           }
                       },
                   .max_tasks_per_child = 1}};
    const auto outcomes = pool.try_map([](int i) { return i; }, numbers(3), {.chunksize = 1});
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].value(), 0);
    for (const int i : {1, 2}) {
        const auto& outcome = outcomes[static_cast<std::size_t>(i)];
        EXPECT_THROW(outcome.rethrow(), mp::InitializerFailed);
        EXPECT_TRUE(contains(outcome.error().message(), "the initializer failed"));
    }
}

TEST(Initializer, ThatForksAndReturnsTwiceRunsItemsOnce) {
    mp::Pool pool{{.processes = 1, .initializer = [] { static_cast<void>(::fork()); }}};
    const auto pids = pool.map([](int) { return ::getpid(); }, numbers(10), {.chunksize = 1});
    EXPECT_TRUE(all_are(pool.worker_pids().at(0), pids));
}

TEST(MemoryLimit, TurnsALeakIntoBadAlloc) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers reserve memory of their own";
    }
    mp::Pool pool{{.processes = 1, .memory_limit = std::size_t{64} << 20U}};
    EXPECT_THROW(pool.apply([] {
        const std::vector<char> much(std::size_t{128} << 20U, 'x');
        return much[1];
    }),
                 std::bad_alloc);
}

TEST(MemoryLimit, ALeakCostsTheItemThatMeetsItAndNoneAfterIt) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers reserve memory of their own";
    }
    mp::Pool pool{{.processes = 1, .memory_limit = std::size_t{64} << 20U}};
    const pid_t first = pool.worker_pids().at(0);
    const auto leaks = [](int i) {
        auto* const lost = new std::vector<char>(std::size_t{10} << 20U, 'x');
        return (*lost)[1] == 'x' ? i : -1;
    };
    const auto outcomes = pool.try_map(leaks, numbers(40), {.chunksize = 20});
    int failed = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i]) {
            EXPECT_EQ(*outcomes[i], static_cast<int>(i));
            continue;
        }
        ++failed;
        EXPECT_THROW(outcomes[i].rethrow(), std::bad_alloc);
        EXPECT_TRUE(contains(outcomes[i].error().message(), "PoolOptions::memory_limit"));
        // Whoever takes the place has room for as many again.
        for (std::size_t next = i + 1; next < std::min(i + 4, outcomes.size()); ++next) {
            EXPECT_TRUE(outcomes[next]) << next;
        }
    }
    EXPECT_GE(failed, 4);
    EXPECT_NE(pool.apply([] { return ::getpid(); }), first);
}

TEST(MemoryLimit, WithFailFastCancelsTheRestOfTheChunk) {
    support::Shared<support::Counter> calls, behind;
    mp::Pool pool{{.processes = 1, .memory_limit = std::size_t{64} << 20U}};
    auto result = pool.map_async(
        [count = calls.get()](int) {
            ++*count;
            throw std::bad_alloc();
        },
        numbers(20), {.chunksize = 20, .fail_fast = true});
    // Comes after the rest of the chunk; nothing here takes in that an item failed.
    auto later = pool.submit([mark = behind.get()] { ++*mark; });
    support::await(*behind);
    EXPECT_THROW(result.get(), std::bad_alloc);
    EXPECT_EQ(*calls, 1);
}

TEST(MemoryLimit, IsNotBlamedForWhatNoWorkerCouldHave) {
    if (sanitized) {
        GTEST_SKIP() << "the sanitizer ends a process that asks for so much";
    }
    mp::Pool pool{{.processes = 1, .memory_limit = std::size_t{64} << 20U}};
    const pid_t worker = pool.worker_pids().at(0);
    const auto outcomes = pool.try_map(
        [](int size) {
            const std::unique_ptr<int[]> unused(new int[static_cast<std::size_t>(size)]);
        },
        std::vector<int>{-1});
    EXPECT_FALSE(contains(outcomes.at(0).error().message(), "memory_limit"));
    EXPECT_EQ(pool.apply([] { return ::getpid(); }), worker);
}

TEST(MemoryLimit, LeavesWhatIsBelowItAlone) {
    mp::Pool pool{{.processes = 1, .memory_limit = std::size_t{256} << 20U}};
    EXPECT_EQ(pool.apply([] {
        const std::vector<char> some(std::size_t{64} << 20U, 'x');
        return some[1];
    }),
              'x');
}

TEST(MemoryLimit, CountsFromTheBirthOfTheWorkerNotFromZero) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers reserve memory of their own";
    }
    const std::vector<char> inherited(std::size_t{128} << 20U, 'x');
    mp::Pool pool{{.processes = 1, .memory_limit = std::size_t{64} << 20U}};
    EXPECT_EQ(pool.apply([] {
        const std::vector<char> some(std::size_t{32} << 20U, 'x');
        return some[1];
    }),
              'x');
    EXPECT_EQ(inherited[1], 'x');
}

TEST(Pin, BindsEveryWorkerToOneCpu) {
    mp::Pool pool{{.processes = 3, .pin = true}};
    std::vector<int> allowed;
    pool.for_each_worker([] {
        cpu_set_t mask;
        if (::sched_getaffinity(0, sizeof mask, &mask) != 0 || CPU_COUNT(&mask) != 1) {
            throw std::runtime_error("bound to no single CPU");
        }
    });
}

TEST(Pin, UsesTheCpusThatThisProcessMayUse) {
    cpu_set_t before;
    ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &before)) {
            last = cpu;
        }
    }
    CPU_SET(last, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    {
        mp::Pool pool{{.processes = 2, .pin = true}};
        const auto cpus = pool.map([](int) { return ::sched_getcpu(); }, numbers(10));
        EXPECT_TRUE(all_are(last, cpus));
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(ForEachWorker, RunsOnceInEachOfThem) {
    static int runs = 0;
    mp::Pool pool{3};
    for (int round = 1; round <= 20; ++round) {
        pool.for_each_worker([] { ++runs; });
        pool.for_each_worker(mp::bind_back(
            [](int expected) {
                if (runs != expected) {
                    throw std::runtime_error(std::to_string(runs));
                }
            },
            round));
    }
}

TEST(ForEachWorker, ThrowsTheErrorOfTheLowestWorkerAfterAllAreDone) {
    static bool ran = false;
    mp::Pool pool{3};
    try {
        pool.for_each_worker([] {
            ran = true;
            if (mp::this_worker::id() != 0) {
                throw std::runtime_error(std::to_string(mp::this_worker::id()));
            }
        });
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "1");
    }
    pool.for_each_worker([] {
        if (!ran) {
            throw std::logic_error("not run");
        }
    });
}

TEST(ForEachWorker, OneThatDiesCostsItsOwnRunOnly) {
    mp::Pool pool{2};
    EXPECT_THROW(pool.for_each_worker([] {
        if (mp::this_worker::id() == 1) {
            std::raise(SIGKILL);
        }
    }),
                 mp::WorkerDied);
    pool.for_each_worker([] {});
}

TEST(ForEachWorker, RunsBesideOtherWork) {
    mp::Pool pool{2};
    auto running = pool.map_async([](int i) { return i; }, numbers(100'000), {.chunksize = 1});
    for (int i = 0; i < 10; ++i) {
        pool.for_each_worker([] {});
    }
    EXPECT_EQ(running.get().size(), 100'000U);
}

TEST(Local, IsMadeOnceInAWorker) {
    struct Counter {
        int calls = 0;
    };
    mp::Pool pool{1};
    const auto calls =
        pool.map([](int) { return ++mp::this_worker::local<Counter>().calls; }, numbers(3));
    EXPECT_EQ(calls, listed(1, 2, 3));
}

TEST(Local, OfTheClientIsNotTheWorkers) {
    struct Place {
        int number = 0;
    };
    mp::this_worker::local<Place>().number = 7;
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply([] { return mp::this_worker::local<Place>().number; }), 0);
    EXPECT_EQ(mp::this_worker::local<Place>().number, 7);
}

TEST(Local, OfAReplacementIsNew) {
    mp::Pool pool{1};
    pool.apply([] { mp::this_worker::local<std::string>() = "old"; });
    EXPECT_THROW(pool.apply([] { std::raise(SIGKILL); }), mp::WorkerDied);
    EXPECT_EQ(pool.apply([] { return mp::this_worker::local<std::string>(); }), "");
}
