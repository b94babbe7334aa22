// procpool_test: TIMEOUT 120
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

/// No worker rests while another one holds items that have not started.
namespace {

using namespace std::chrono_literals;
using support::numbers;

constexpr int workers = 4;

struct Seen {
    std::atomic<int> started{0};
    std::atomic<int> running{0};
    std::atomic<int> most_running{0};
};
support::Shared<Seen> seen;

void reset() {
    seen->started = 0;
    seen->running = 0;
    seen->most_running = 0;
}

/// An item of a claim that holds them all. It takes a millisecond; some more run until all workers
/// have come to help.
int wait_for_help(int x) {
    ++seen->started;
    const int now = ++seen->running;
    int most = seen->most_running;
    while (most < now && !seen->most_running.compare_exchange_weak(most, now)) {
    }
    std::this_thread::sleep_for(1ms);
    --seen->running;
    return x;
}

TEST(Stealing, SharesOneClaimAmongAllWorkers) {
    procpool::Pool pool{workers};
    const auto items = numbers(1000);
    EXPECT_TRUE(support::eventually([&] {
        reset();
        EXPECT_EQ(pool.map(wait_for_help, items, {.chunksize = items.size()}), items);
        EXPECT_EQ(seen->started, 1000);
        return seen->most_running == workers;
    }));
}

TEST(Stealing, RunsTheItemsOfADeadHolderOnce) {
    procpool::Pool pool{workers};
    const auto items = numbers(400);
    for (int round = 0; round < 5; ++round) {
        reset();
        const auto outcomes = pool.try_map(
            [](int x) {
                if (x % 50 == 7) {
                    std::raise(SIGKILL);
                }
                return wait_for_help(x);
            },
            items, {.chunksize = items.size()});
        for (const int x : items) {
            const auto& outcome = outcomes[static_cast<std::size_t>(x)];
            EXPECT_EQ(outcome.has_value(), x % 50 != 7) << x;
        }
        EXPECT_EQ(seen->started, 400 - 8);
    }
}

TEST(Stealing, KeepsTheLivesOfWorkersAsLongAsTheyWere) {
    procpool::Pool pool({.processes = workers, .max_tasks_per_child = 10});
    reset();
    const auto items = numbers(400);
    std::vector<pid_t> pids = pool.map(
        [](int x) {
            wait_for_help(x);
            return ::getpid();
        },
        items, {.chunksize = items.size()});
    EXPECT_EQ(seen->started, 400);
    std::sort(pids.begin(), pids.end());
    for (std::size_t i = 0; i + 10 < pids.size(); ++i) {
        EXPECT_NE(pids[i], pids[i + 10]) << "a worker that ran eleven items";
    }
}

TEST(Stealing, EndsWithTheFirstFailureOfAJobThatStopsThere) {
    procpool::Pool pool{workers};
    reset();
    const auto fail_once = [](int x) {
        wait_for_help(x);
        if (x == 20) {
            throw std::runtime_error("twenty");
        }
        return x;
    };
    EXPECT_THROW(pool.map(fail_once, numbers(400), {.chunksize = 400, .fail_fast = true}),
                 std::runtime_error);
    EXPECT_LT(seen->started, 400);
}

/// The find comes late, but first in order: workers that hold items before another find run them.
TEST(Stealing, FindsTheFirstThoughALaterFindClosesTheJob) {
    procpool::Pool pool{3};
    const auto probe = [](int x) -> std::optional<int> {
        if (x < 200) {
            std::this_thread::sleep_for(1ms);
        }
        return x == 199 || x == 250 ? std::optional(x) : std::nullopt;
    };
    for (const auto timeout : {0s, 60s}) {
        EXPECT_EQ(pool.find_first(probe, numbers(400),
                                  {.chunksize = 200, .timeout = timeout, .fail_fast = true}),
                  199);
    }
}

struct Finder {
    std::atomic<pid_t> first{0};     ///< the worker that began
    std::atomic<bool> taken{false};  ///< another one has taken a part
    std::atomic<int> found{-1};
    std::atomic<int> after{0};  ///< items behind the find that its worker started after it
};
support::Shared<Finder> finder;

/// The other worker waits at its first item, so that nobody steals what is left.
std::optional<int> find_while_the_other_waits(int x) {
    pid_t nobody = 0;
    const bool began = finder->first.compare_exchange_strong(nobody, ::getpid());
    if (!began && nobody != ::getpid()) {
        finder->taken = true;
        static_cast<void>(support::eventually([] { return finder->found >= 0; }));
        return std::nullopt;
    }
    if (const int found = finder->found; found >= 0) {
        finder->after += ::getpid() == finder->first && x > found ? 1 : 0;
        return std::nullopt;
    }
    std::this_thread::sleep_for(1ms);
    static int since = 0;
    if (!finder->taken || ++since < 3) {
        return std::nullopt;
    }
    finder->found = x;
    return x;
}

TEST(Stealing, RunsNothingBehindAFindInTheSameClaim) {
    {
        procpool::Pool pool{2};
        const auto found =
            pool.find_first(find_while_the_other_waits, numbers(3000), {.chunksize = 3000});
        ASSERT_TRUE(found) << "nobody took a part";
        EXPECT_EQ(*found, finder->found);
        pool.close();
        pool.join();
    }
    EXPECT_EQ(finder->after, 0);
}

/// The first worker to come here holds the claim of all items; it waits until the last one, which
/// is behind it in the claim, was found.
std::optional<int> find_behind_an_endless_item(int x) {
    if (x == 0) {
        static_cast<void>(support::eventually([] { return finder->found >= 0; }));
    }
    if (x != 99) {
        return std::nullopt;
    }
    finder->found = x;
    return x;
}

TEST(Stealing, GetsItemsFromBehindOneThatDoesNotEnd) {
    procpool::Pool pool{2};
    finder->found = -1;
    EXPECT_EQ(pool.find_any(find_behind_an_endless_item, numbers(100), {.chunksize = 100}), 99);
    EXPECT_EQ(finder->found, 99);
}

/// All workers run an item of one claim at the same time, though each waits for all others.
TEST(Stealing, LeavesNoWorkerIdleWhileItemsHaveNotStarted) {
    procpool::Pool pool{workers};
    reset();
    const auto meet = [](int x) {
        ++seen->started;
        return support::eventually([] { return seen->started >= workers; }) ? x : -1;
    };
    EXPECT_EQ(pool.map(meet, numbers(workers), {.chunksize = workers}), numbers(workers));
}

/// Short calls of other threads wake the workers all the time.
TEST(Stealing, GoesOnBesideShortCalls) {
    procpool::Pool pool{3};
    finder->found = -1;
    std::vector<std::jthread> callers;
    for (int i = 0; i < 2; ++i) {
        callers.emplace_back([&](const std::stop_token& over) {
            while (!over.stop_requested()) {
                pool.apply([] { std::this_thread::sleep_for(200us); });
            }
        });
    }
    EXPECT_EQ(pool.find_any(find_behind_an_endless_item, numbers(100), {.chunksize = 100}), 99);
    callers.clear();
    EXPECT_EQ(finder->found, 99);
}

/// From here on this process and its children have no membarrier().
bool forbid_barriers() {
    std::array filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(Stealing, IsLeftOutWhereTheKernelHasNoBarrierForIt) {
    const int status = support::status_of_child([] {
        if (!forbid_barriers()) {
            return false;
        }
        procpool::Pool pool{workers};
        reset();
        const auto items = numbers(200);
        return pool.map(wait_for_help, items, {.chunksize = 100}) == items &&
               seen->started == 200 && seen->most_running <= 2;  // of two claims
    });
    EXPECT_EQ(status, 0);
}

// What a dead worker left ----------------------------------------------------------------------

struct Heirs {
    std::atomic<int> born{0};
    std::atomic<bool> let_in{false};
    std::atomic<int> tries{0};
};
support::Shared<Heirs> heirs;

/// The first two workers come at once, whoever replaces one of them only when it is let in.
procpool::PoolOptions two_and_no_heir() {
    heirs->born = 0;
    heirs->let_in = false;
    heirs->tries = 0;
    return {.processes = 2, .initializer = [] {
                if (heirs->born++ >= 2) {
                    support::await(heirs->let_in);
                }
            }};
}

int die_at_3(int x) {
    if (x == 3) {
        std::abort();
    }
    return x;
}

void expect_only_3_dies(procpool::Pool& pool, std::size_t chunksize) {
    const auto outcomes = pool.try_map(die_at_3, numbers(40), {.chunksize = chunksize});
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].has_value(), i != 3);
    }
}

TEST(Stealing, TakesAllThatADeadWorkerLeft) {
    procpool::Pool pool(two_and_no_heir());
    expect_only_3_dies(pool, 20);
    heirs->let_in = true;
}

/// The page of the job, whose claim still lies there, serves others meanwhile.
TEST(Stealing, LeavesItsHeirAClaimOfAJobThatIsOver) {
    procpool::Pool pool(two_and_no_heir());
    for (int i = 0; i < 5; ++i) {
        if (i == 1) {
            expect_only_3_dies(pool, 20);
        }
        EXPECT_EQ(pool.map([](int x) { return 2 * x; }, numbers(40))[39], 78);
    }
    heirs->let_in = true;
    pool.for_each_worker([] {});
    expect_only_3_dies(pool, 1);
    const auto last = numbers(1000);
    EXPECT_EQ(pool.map([](int x) { return x; }, last), last);
}

/// Its tries are counted where it died.
TEST(Stealing, LeavesAnItemThatIsToBeTriedAgain) {
    procpool::Pool pool(two_and_no_heir());
    auto pending = pool.map_async(
        [](int x) {
            if (x == 3) {
                ++heirs->tries;
                std::abort();
            }
            return x;
        },
        numbers(40), {.chunksize = 20, .retries = 3});
    EXPECT_FALSE(pending.wait(50ms));
    heirs->let_in = true;
    EXPECT_THROW(pending.get(), procpool::WorkerDied);
    EXPECT_EQ(heirs->tries, 4);
}

TEST(Stealing, LeavesWhatIsForOneWorkerToIt) {
    procpool::Pool pool{workers};
    reset();
    pool.for_each_worker([] { wait_for_help(0); });
    EXPECT_EQ(seen->started, workers);
}

}  // namespace
