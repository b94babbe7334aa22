// procpool_test: TIMEOUT 120
// What runs is stopped: by cancel(), by MapOptions::stop, and behind a timeout with `grace`.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <ranges>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::eventually;
using support::numbers;

namespace {

struct Board {
    std::atomic<int> started{0};
    std::atomic<int> stopped{0};  ///< items that saw their request
    std::atomic<bool> go{false};
    support::Roll roll;
};
support::Shared<Board> board;

/// What a task may do so that nothing but a kill ends it.
void resist(int how) {
    sigset_t all;
    switch (how) {
        case 0:
            break;
        case 1:
            ::sigfillset(&all);
            ::sigprocmask(SIG_SETMASK, &all, nullptr);
            break;
        case 2:
            support::start_child(board->roll);
            break;
        case 3:
            support::start_daemon(board->roll);
            break;
        case 4:
            ::setsid();
            ::setpgid(0, 0);
            break;
        default:
            break;
    }
    ++board->started;
    support::spin_for_ever();
}

void end_when_asked() {
    const std::stop_token stop = mp::this_task::stop_token();
    ++board->started;
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(100us);
    }
    ++board->stopped;
}

}  // namespace

class StopRunning : public testing::Test {
protected:
    StopRunning() {
        board->started = 0;
        board->stopped = 0;
        board->go = false;
        board->roll.clear();
    }
    static void await_started(int count = 1) {
        ASSERT_TRUE(eventually([&] { return board->started >= count; }));
    }
};

class StopOf : public StopRunning, public testing::WithParamInterface<int> {};

TEST_P(StopOf, ATaskEndsItAndItsDescendantsAndNothingElse) {
    mp::Pool pool{2};
    const std::vector<pid_t> before = pool.worker_pids();
    auto endless = pool.submit(resist, GetParam());
    await_started();
    EXPECT_TRUE(endless.cancel());
    EXPECT_THROW(endless.get(), mp::TaskCancelled);
    for (const pid_t pid : board->roll.pids()) {
        EXPECT_TRUE(eventually([&] { return !support::may_act(pid); }));
    }
    EXPECT_TRUE(eventually([&] {
        const std::vector<pid_t> now = pool.worker_pids();
        return now.size() == 2 && std::ranges::count_if(now, [&](pid_t pid) {
                                      return std::ranges::count(before, pid) == 1;
                                  }) == 1;
    })) << "one worker is another one, the other one is the same";
    EXPECT_EQ(pool.map(std::negate<int>(), numbers(10))[9], -9);
}

std::string name_of(const testing::TestParamInfo<int>& how) {
    return std::array{"ThatSpins", "ThatBlocksAllSignals", "WithAChild", "WithADaemon",
                      "InASessionOfItsOwn"}
        .at(static_cast<std::size_t>(how.param));
}
INSTANTIATE_TEST_SUITE_P(Life, StopOf, testing::Range(0, 5), name_of);

TEST_F(StopRunning, IsTooLateOnceThereIsAResult) {
    mp::Pool pool{1};
    auto result = pool.submit([] { return 7; });
    result.wait();
    EXPECT_FALSE(result.cancel());
    EXPECT_EQ(result.get(), 7);
}

TEST_F(StopRunning, EndsCallsThatBlock) {
    mp::Pool pool{2};
    std::stop_source source;
    std::jthread other([&] {
        await_started(2);
        source.request_stop();
    });
    EXPECT_THROW(pool.map(
                     [](int i) {
                         resist(0);
                         return i;
                     },
                     numbers(100), {.stop = source.get_token()}),
                 mp::TaskCancelled);
    EXPECT_EQ(board->started, 2) << "nothing started after it";
}

TEST_F(StopRunning, KeepsWhatHasFinished) {
    mp::Pool pool{2};
    std::stop_source source;
    std::jthread other([&] {
        await_started(1);
        source.request_stop();
    });
    const auto outcomes = pool.try_map(
        [](int i) {
            if (i == 19) {
                resist(0);
            }
            return i;
        },
        numbers(20), {.chunksize = 1, .stop = source.get_token()});
    for (int i = 0; i < 19; ++i) {
        const auto& outcome = outcomes[static_cast<std::size_t>(i)];
        if (outcome) {
            EXPECT_EQ(*outcome, i);
        } else {
            // The other worker may just have been running it.
            EXPECT_THROW(outcome.rethrow(), mp::TaskCancelled);
        }
    }
    EXPECT_THROW(outcomes[19].rethrow(), mp::TaskCancelled);
}

TEST_F(StopRunning, RefusesACallThatBeginsStopped) {
    mp::Pool pool{2};
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(pool.apply(mp::TaskOptions{.stop = source.get_token()}, resist, 0),
                 mp::TaskCancelled);
    EXPECT_THROW(pool.submit(mp::TaskOptions{.stop = source.get_token()}, resist, 0).get(),
                 mp::TaskCancelled);
    EXPECT_THROW(pool.for_each(resist, numbers(4), {.stop = source.get_token()}),
                 mp::TaskCancelled);
    EXPECT_EQ(pool.apply([] { return 1; }), 1);
}

TEST_F(StopRunning, FindsNothingMore) {
    mp::Pool pool{2};
    std::stop_source source;
    std::jthread other([&] {
        await_started();
        source.request_stop();
    });
    EXPECT_THROW(static_cast<void>(pool.find_any(
                     [](int) -> std::optional<int> {
                         resist(0);
                         return std::nullopt;
                     },
                     numbers(10), {.stop = source.get_token()})),
                 mp::TaskCancelled);
}

TEST_F(StopRunning, EndsASearchOfARangeWithoutAnEnd) {
    mp::Pool pool{2};
    std::stop_source source;
    std::jthread other([&] {
        await_started(2);
        source.request_stop();
    });
    EXPECT_THROW(static_cast<void>(pool.find_first(
                     [](int) -> std::optional<int> {
                         resist(0);
                         return std::nullopt;
                     },
                     std::views::iota(0), {.stop = source.get_token()})),
                 mp::TaskCancelled);
}

TEST_F(StopRunning, IsSeenByATaskThatAsks) {
    mp::Pool pool{1};
    auto polite = pool.submit(end_when_asked);
    await_started();
    EXPECT_TRUE(polite.cancel(1h));
    EXPECT_NO_THROW(polite.get()) << "what it returns within its grace counts";
    EXPECT_EQ(board->stopped, 1);
}

TEST_F(StopRunning, IsSeenByATaskThatAsksLate) {
    mp::Pool pool{1};
    auto late = pool.submit([] {
        ++board->started;
        support::await(board->go);
        end_when_asked();
    });
    await_started();
    EXPECT_TRUE(late.cancel(1h));
    board->go = true;
    EXPECT_NO_THROW(late.get());
}

TEST_F(StopRunning, CallsBackOnAnotherThread) {
    mp::Pool pool{1};
    auto called = pool.submit([] {
        std::atomic<bool> asked{false};
        const std::stop_callback callback(mp::this_task::stop_token(), [&] {
            asked = true;
            asked.notify_one();
        });
        ++board->started;
        asked.wait(false);
        return 5;
    });
    await_started();
    EXPECT_TRUE(called.cancel(1h));
    EXPECT_EQ(called.get(), 5);
}

TEST_F(StopRunning, EndsWhatDoesNotEndWithinItsGrace) {
    mp::Pool pool{1};
    auto stubborn = pool.submit([] {
        end_when_asked();
        support::spin_for_ever();
    });
    await_started();
    EXPECT_TRUE(stubborn.cancel(400ms));
    EXPECT_THROW(stubborn.get(), mp::TaskCancelled);
    EXPECT_EQ(board->stopped, 1) << "it was asked first";
}

TEST_F(StopRunning, MayBeMadeMoreUrgent) {
    mp::Pool pool{1};
    auto stubborn = pool.submit(resist, 0);
    await_started();
    EXPECT_TRUE(stubborn.cancel(1h));
    EXPECT_FALSE(stubborn.wait(20ms));
    EXPECT_TRUE(stubborn.cancel());
    EXPECT_THROW(stubborn.get(), mp::TaskCancelled);
}

TEST_F(StopRunning, ConcernsNoLaterItem) {
    mp::Pool pool{1};
    auto first = pool.submit(end_when_asked);
    await_started();
    EXPECT_TRUE(first.cancel(1h));
    first.get();
    const auto requested =
        pool.map([](int) { return mp::this_task::stop_token().stop_requested(); }, numbers(20));
    EXPECT_EQ(std::ranges::count(requested, true), 0);
}

TEST_F(StopRunning, BehindATimeoutGivesTimeToEnd) {
    mp::Pool pool{1};
    EXPECT_NO_THROW(pool.apply(mp::TaskOptions{.timeout = 20ms, .grace = 1h}, end_when_asked));
    EXPECT_EQ(board->stopped, 1);
}

TEST_F(StopRunning, BehindATimeoutKillsWhatDoesNotEnd) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(mp::TaskOptions{.timeout = 20ms, .grace = 400ms},
                            [] {
                                end_when_asked();
                                support::spin_for_ever();
                            }),
                 mp::TaskTimeout);
    EXPECT_EQ(board->stopped, 1);
}

/// Another try of the same item in the same place has not been asked yet.
TEST_F(StopRunning, BehindATimeoutAsksEachTryAnew) {
    mp::Pool pool{1};
    const bool asked =
        pool.apply(mp::TaskOptions{.timeout = 400ms, .grace = 20ms, .retries = 1}, [] {
            if (++board->started == 1) {
                support::spin_for_ever();
            }
            return mp::this_task::stop_token().stop_requested();
        });
    EXPECT_EQ(board->started, 2);
    EXPECT_FALSE(asked);
}

/// Nobody has to come for what will not run: whoever replaces the workers prepares for ever.
TEST_F(StopRunning, WaitsForNoInitializer) {
    mp::Pool pool{{.processes = 2, .initializer = [] {
                       if (board->started >= 2) {
                           support::wait_for_ever();
                       }
                   }}};
    std::stop_source source;
    std::jthread other([&] {
        await_started(2);
        source.request_stop();
    });
    EXPECT_THROW(pool.for_each([](int) { resist(0); }, numbers(20),
                               {.chunksize = 10, .stop = source.get_token()}),
                 mp::TaskCancelled);
}

TEST_F(StopRunning, OfASearchIsNoAnswer) {
    mp::Pool pool{2};
    std::stop_source source;
    std::jthread other([&] {
        await_started(2);
        source.request_stop();
    });
    std::istringstream lines("1 2 3");
    EXPECT_THROW(static_cast<void>(pool.find_any(
                     [](int) -> std::optional<int> {
                         resist(0);
                         return std::nullopt;
                     },
                     std::ranges::istream_view<int>(lines), {.stop = source.get_token()})),
                 mp::TaskCancelled);
}

TEST_F(StopRunning, EndsAPoliteTaskInTheCallersProcess) {
    mp::Pool pool{{.start = mp::Start::in_caller}};
    std::stop_source source;
    std::jthread other([&] {
        await_started();
        source.request_stop();
    });
    // The job has no item that could be cancelled when its only one ends by itself.
    try {
        pool.apply(mp::TaskOptions{.stop = source.get_token()}, end_when_asked);
    } catch (const mp::TaskCancelled&) {
    }
    EXPECT_EQ(board->stopped, 1);
}

TEST_F(StopRunning, RefusesATimeBeforeNow) {
    mp::Pool pool{1};
    auto result = pool.submit([] {});
    EXPECT_THROW(result.cancel(-1ns), std::invalid_argument);
    EXPECT_THROW(pool.map([](int i) { return i; }, numbers(2), {.grace = -1ns}),
                 std::invalid_argument);
}

TEST_F(StopRunning, IsNothingOutsideAWorker) {
    EXPECT_FALSE(mp::this_task::stop_token().stop_possible());
}

/// Jobs are cancelled all the time beside others, on the same workers: none of the others loses an
/// item.
TEST_F(StopRunning, NeverHitsAnotherJob) {
    mp::Pool pool{3};
    const std::jthread canceller([&](const std::stop_token& over) {
        while (!over.stop_requested()) {
            board->started = 0;
            auto doomed = pool.map_async(
                [](int) {
                    ++board->started;
                    std::this_thread::sleep_for(200us);
                },
                numbers(8), {.chunksize = 1});
            await_started();  // one of them runs
            static_cast<void>(doomed.cancel());
            try {
                doomed.get();
            } catch (const mp::TaskCancelled&) {
            }
        }
    });
    const auto all = numbers(400);
    for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(pool.map(
                      [](int i) {
                          std::this_thread::sleep_for(std::chrono::microseconds(i % 50));
                          return i;
                      },
                      all, {.chunksize = 1}),
                  all);
    }
}

/// An order of ends: the handle goes first, then the pool.
TEST_F(StopRunning, GoesOnWithoutItsHandle) {
    const auto born = support::own_children();
    {
        mp::Pool pool{1};
        {
            auto endless = pool.submit(resist, 0);
            await_started();
            EXPECT_TRUE(endless.cancel());
        }
        EXPECT_EQ(pool.apply([] { return 3; }), 3) << "its worker is free again";
    }
    EXPECT_EQ(support::own_children(), born);
}
