// MapOptions::pristine: each item in a fresh copy of a worker.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>
#include <procpool/this_task.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

int calls = 0;     // of items, in this process
int prepared = 0;  // by the initializer

int count_calls(int) { return ++calls; }

struct Log {
    std::atomic<int> initializers{0};
    std::atomic<int> destroyed{0};
    std::atomic<int> tries{0};
};
support::Shared<Log> log;

struct Tool {
    int uses = 0;
    ~Tool() { ++log->destroyed; }
};

mp::MapOptions pristine() { return {.pristine = true}; }

TEST(Pristine, NothingThatAnItemDoesIsSeenByTheNext) {
    mp::Pool pool(2);
    EXPECT_EQ(pool.map(count_calls, std::vector<int>(20), pristine()), std::vector<int>(20, 1));
}

TEST(Pristine, WhatOtherCallsLeftInTheWorkerIsThere) {
    mp::Pool pool(1);
    pool.map(count_calls, std::vector<int>(5));
    EXPECT_EQ(pool.map(count_calls, std::vector<int>(3), pristine()), std::vector<int>(3, 6));
    EXPECT_EQ(pool.apply(count_calls, 0), 6);
}

TEST(Pristine, EachItemFindsWhatTheInitializerMadeAndItRunsOnce) {
    log->initializers = 0;
    mp::Pool pool({.processes = 1, .initializer = [] {
                       ++log->initializers;
                       prepared = 42;
                       mp::this_worker::local<Tool>().uses = 7;
                   }});
    const auto uses = pool.map([](int) { return prepared + mp::this_worker::local<Tool>().uses++; },
                               std::vector<int>(10), pristine());
    EXPECT_EQ(uses, std::vector<int>(10, 49));
    EXPECT_EQ(log->initializers, 1);
}

TEST(Pristine, ObjectsOfTheItemEndWithItAndThoseOfTheWorkerWithTheWorker) {
    log->destroyed = 0;
    mp::Pool pool({.processes = 1, .initializer = [] { mp::this_worker::local<Tool>().uses = 1; }});
    pool.map([](int) { mp::this_worker::local<Tool>().uses = 2; }, std::vector<int>(4), pristine());
    EXPECT_EQ(log->destroyed, 0);
    pool.close();
    pool.join();
    EXPECT_EQ(log->destroyed, 1);

    log->destroyed = 0;
    mp::Pool second(1);
    second.map([](int) { mp::this_worker::local<Tool>().uses = 2; }, std::vector<int>(4),
               pristine());
    EXPECT_TRUE(support::eventually([] { return log->destroyed == 4; }));
}

TEST(Pristine, EveryKindOfCallTakesIt) {
    mp::Pool pool(2);
    const std::vector<int> items = support::numbers(9, 1);
    const auto text = [](int x) { return std::string(static_cast<std::size_t>(x), 'x'); };
    std::vector<std::string> texts;
    for (const int x : items) {
        texts.push_back(text(x));
    }
    EXPECT_EQ(pool.map(text, items, pristine()), texts);
    EXPECT_EQ(pool.map_async(text, items, pristine()).get(), texts);
    std::vector<std::string> streamed;
    for (auto&& one : pool.imap(text, items, pristine())) {
        streamed.push_back(one);
    }
    EXPECT_EQ(streamed, texts);
    EXPECT_EQ(pool.apply(mp::TaskOptions{.pristine = true}, text, 3), "xxx");
    EXPECT_EQ(pool.submit(mp::TaskOptions{.pristine = true}, text, 3).get(), "xxx");
    mp::shared_vector<int> out;
    pool.map_into([](int x) { return 2 * x; }, items, out, pristine());
    EXPECT_EQ(std::accumulate(out.begin(), out.end(), 0), 90);
    const auto found = pool.find_first(
        [](int x) { return x >= 4 ? std::optional(x) : std::nullopt; }, items, pristine());
    EXPECT_EQ(found, 4);
    EXPECT_EQ(mp::fork_map(count_calls, items, {.processes = 2, .pristine = true}),
              std::vector<int>(9, calls + 1));
}

TEST(Pristine, ALargeResultArrivesWhole) {
    mp::Pool pool(1);
    const std::vector<std::string> results =
        pool.map([](int x) { return std::string(9 << 20, static_cast<char>('a' + x)); }, {0, 1, 2},
                 pristine());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)],
                  std::string(9 << 20, static_cast<char>('a' + i)));
    }
    EXPECT_EQ(pool.apply(count_calls, 0), 1);
}

TEST(Pristine, AnExceptionCostsTheItemAlone) {
    mp::Pool pool(1);
    const std::vector<pid_t> before = pool.worker_pids();
    const auto outcomes = pool.try_map(
        [](int x) {
            if (x % 2 == 1) {
                throw std::out_of_range("odd");
            }
            return x;
        },
        {0, 1, 2, 3}, pristine());
    EXPECT_EQ(*outcomes[2], 2);
    EXPECT_THROW(outcomes[3].rethrow(), std::out_of_range);
    EXPECT_EQ(outcomes[3].error().index(), 3U);
    EXPECT_EQ(pool.worker_pids(), before);
}

[[gnu::noinline]] int crash_here(int x) {
    if (x == 2) {
        *reinterpret_cast<volatile int*>(0) = 1;
    }
    return x + 1;
}

TEST(Pristine, ACrashIsToldAsEverWithItsPlace) {
    mp::Pool pool(2);
    const auto outcomes = pool.try_map(crash_here, {0, 1, 2, 3}, pristine());
    EXPECT_EQ(*outcomes[0], 1);
    EXPECT_EQ(*outcomes[3], 4);
    ASSERT_FALSE(outcomes[2]);
    try {
        outcomes[2].rethrow();
        FAIL() << "it did not throw";
    } catch (const mp::WorkerDied& died) {
        EXPECT_EQ(died.signal(), SIGSEGV);
        EXPECT_EQ(died.index(), 2U);
        EXPECT_NE(died.trace().find("crash_here"), std::string::npos) << died.what();
    }
    EXPECT_EQ(pool.map(crash_here, {5, 6}, pristine()), (std::vector{6, 7}));
}

TEST(Pristine, AnExitIsToldWithItsStatus) {
    mp::Pool pool(1);
    const auto outcomes =
        pool.try_map([](int status) -> int { std::exit(status); }, {0, 3}, pristine());
    for (const int status : {0, 3}) {
        try {
            outcomes[status == 0 ? 0 : 1].rethrow();
            FAIL() << "it did not throw";
        } catch (const mp::WorkerDied& died) {
            EXPECT_EQ(died.signal(), 0);
            EXPECT_EQ(died.exit_status(), status);
        }
    }
}

TEST(Pristine, AnItemThatDiedIsTriedAgain) {
    log->tries = 0;
    mp::Pool pool(1);
    const auto attempts = pool.try_map(
        [](int) {
            if (++log->tries < 3) {
                kill(getpid(), SIGKILL);
            }
            return 5;
        },
        {0}, {.retries = 3, .pristine = true});
    EXPECT_EQ(*attempts[0], 5);
    EXPECT_EQ(attempts[0].attempts(), 3);
}

[[gnu::noinline]] void spin_here() {
    for (volatile bool on = true; on;) {
    }
}

TEST(Pristine, ATimeoutKillsItAndSaysWhereItWas) {
    mp::Pool pool(1);
    try {
        pool.map([](int) { spin_here(); }, {0}, {.timeout = 100ms, .pristine = true});
        FAIL() << "it did not throw";
    } catch (const mp::TaskTimeout& timeout) {
        EXPECT_NE(timeout.trace().find("spin_here"), std::string::npos) << timeout.what();
    }
    EXPECT_EQ(pool.map(count_calls, {0}, {.timeout = 10s, .pristine = true}), std::vector{1});
}

TEST(Pristine, ACancelledItemIsGoneWithWhatItStarted) {
    mp::Pool pool(1);
    log->tries = 0;
    auto running = pool.submit(mp::TaskOptions{.pristine = true}, [] {
        if (const pid_t child = fork(); child > 0) {
            log->tries = child;
        }
        for (;;) {
            pause();
        }
    });
    ASSERT_TRUE(support::eventually([] { return log->tries > 0; }));
    const pid_t child = log->tries;
    EXPECT_TRUE(running.cancel());
    EXPECT_THROW(running.get(), mp::TaskCancelled);
    EXPECT_TRUE(support::eventually([&] { return kill(child, 0) != 0; }));
    EXPECT_EQ(pool.apply(count_calls, 0), 1);
}

int wait_to_be_asked() {
    const std::stop_token stop = mp::this_task::stop_token();
    log->tries = 1;
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(1ms);
    }
    return 17;
}

TEST(Pristine, AnItemIsAskedToEndByItsToken) {
    mp::Pool pool(1);
    log->tries = 0;
    auto running = pool.submit(mp::TaskOptions{.pristine = true}, wait_to_be_asked);
    ASSERT_TRUE(support::eventually([] { return log->tries > 0; }));
    running.cancel(30s);
    EXPECT_EQ(running.get(), 17);
}

TEST(Pristine, AnItemIsAskedAlsoWhereItsWorkerListenedBefore) {
    mp::Pool pool(1);
    pool.apply([] { static_cast<void>(mp::this_task::stop_token()); });
    log->tries = 0;
    auto running = pool.submit(mp::TaskOptions{.pristine = true}, wait_to_be_asked);
    ASSERT_TRUE(support::eventually([] { return log->tries > 0; }));
    running.cancel(30s);
    EXPECT_EQ(running.get(), 17);
}

TEST(Pristine, WhatTheWorkerDoesAboutItsChildrenIsLeftAsItIs) {
    const auto handler = [](int) { return std::signal(SIGCHLD, SIG_DFL) == SIG_IGN; };
    mp::Pool pool({.processes = 1, .initializer = [] { std::signal(SIGCHLD, SIG_IGN); }});
    EXPECT_EQ(pool.map(handler, {0, 1}, pristine()), (std::vector{true, true}));
    EXPECT_TRUE(pool.apply(handler, 0));
}

TEST(Pristine, AnItemMaySignalItsGroup) {
    mp::Pool pool(1);
    const auto outcomes = pool.try_map(
        [](int x) {
            std::signal(SIGTERM, SIG_IGN);
            kill(0, SIGTERM);
            return x;
        },
        {0, 1, 2}, pristine());
    EXPECT_TRUE(outcomes[0] && outcomes[1] && outcomes[2]);
}

TEST(Pristine, AThreadOfTheWorkerThatIsStuckInAWriteHoldsNothingUp) {
    mp::Pool pool({.processes = 1, .initializer = [] {
                       int ends[2];
                       if (pipe(ends) != 0) {
                           std::abort();
                       }
                       std::thread([file = fdopen(ends[1], "w")] {
                           for (;;) {
                               std::fputs("nobody reads this\n", file);
                           }
                       }).detach();
                       std::this_thread::sleep_for(20ms);  // so that it mostly is
                   }});
    EXPECT_EQ(pool.map(count_calls, std::vector<int>(5), pristine()), std::vector<int>(5, 1));
}

struct Bad {
    int used = 0;
    [[gnu::noinline]] ~Bad() { std::raise(SIGSEGV); }
};

TEST(Pristine, TheLastWordsOfOneItemAreNotThoseOfAnother) {
    mp::Pool pool(1);
    const auto outcomes = pool.try_map(
        [](int x) {
            if (x == 0) {
                mp::this_worker::local<Bad>().used = 1;
            } else {
                std::signal(SIGSEGV, SIG_DFL);
                std::raise(SIGSEGV);
            }
        },
        {0, 1}, pristine());
    EXPECT_TRUE(outcomes[0]);
    ASSERT_FALSE(outcomes[1]);
    EXPECT_EQ(outcomes[1].error().trace(), "");
}

TEST(Pristine, WhatItPrintsIsWrittenOnce) {
    testing::internal::CaptureStdout();
    {
        mp::Pool pool({.processes = 1, .initializer = [] { std::printf("made\n"); }});
        pool.map([](int x) { std::printf("item %d\n", x); }, {0, 1}, pristine());
        pool.close();
        pool.join();
    }
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "made\nitem 0\nitem 1\n");
}

TEST(Pristine, AnItemMayHaveAPoolOfItsOwn) {
    mp::Pool pool(1);
    const auto sums = pool.map(
        [](int x) {
            mp::Pool inner(2);
            const std::vector<int> doubled = inner.map([](int y) { return 2 * y; }, {x, x + 1});
            return doubled[0] + doubled[1];
        },
        {1, 2}, pristine());
    EXPECT_EQ(sums, (std::vector{6, 10}));
}

TEST(Pristine, AWorkerIsReplacedAfterAsManyItemsAsEver) {
    mp::Pool pool({.processes = 1, .max_tasks_per_child = 2});
    const auto workers = pool.map([](int) { return getppid(); }, std::vector<int>(6), pristine());
    EXPECT_EQ(workers[0], workers[1]);
    EXPECT_NE(workers[1], workers[2]);
    EXPECT_EQ(workers[4], workers[5]);
}

TEST(Pristine, AnItemBeyondTheMemoryLimitFailsAlone) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's allocator ends the process instead";
    }
    mp::Pool pool({.processes = 1, .memory_limit = std::size_t{64} << 20});
    const auto outcomes = pool.try_map(
        [](int) { return std::vector<char>(std::size_t{1} << 30).size(); }, {0, 1}, pristine());
    EXPECT_THROW(outcomes[0].rethrow(), std::bad_alloc);
    EXPECT_THROW(outcomes[1].rethrow(), std::bad_alloc);
    EXPECT_EQ(pool.map(count_calls, {0}, pristine()), std::vector{1});
}

TEST(Pristine, IsRefusedWhereThereIsNoProcessForEachItem) {
    mp::Pool here({.start = mp::Start::in_caller});
    EXPECT_THROW(here.map(count_calls, {1}, pristine()), std::invalid_argument);
    mp::Pool pool(1);
    EXPECT_THROW(pool.transform_reduce(
                     std::vector{1, 2}, 0, std::plus<>{}, [](int x) { return x; }, pristine()),
                 std::invalid_argument);
}

TEST(Pristine, NothingIsLostWhereWorkersAreKilledInTheMiddle) {
    constexpr int items = sanitized ? 50 : 200;
    log->tries = 0;
    mp::Pool pool(2);
    std::atomic<bool> over{false};
    std::thread killer([&] {
        for (int seen = 0; !over; std::this_thread::yield()) {
            if (log->tries >= seen + 5) {
                seen = log->tries;
                kill(pool.worker_pids()[static_cast<std::size_t>(seen % 2)], SIGKILL);
            }
        }
    });
    const auto outcomes = pool.try_map(
        [](int x) {
            ++log->tries;
            return 3 * x;
        },
        support::numbers(items), {.retries = 1000, .pristine = true});
    over = true;
    killer.join();
    for (int i = 0; i < items; ++i) {
        EXPECT_EQ(*outcomes[static_cast<std::size_t>(i)], 3 * i);
    }
}

}  // namespace
