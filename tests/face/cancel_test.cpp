// procpool_test: TIMEOUT 60
// What is claimed by a worker but has not started is cancelled as well.

#include <atomic>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>
#include <procpool/this_task.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::numbers;

namespace {

struct Board {
    std::atomic<bool> started{false};
    std::atomic<bool> go{false};
    std::atomic<int> ran{0};
};
Board* board = nullptr;

static_assert(!std::is_copy_constructible_v<mp::AsyncResult<int>>);
static_assert(!std::is_copy_assignable_v<mp::AsyncResult<int>>);
static_assert(std::is_nothrow_move_constructible_v<mp::AsyncResult<int>>);

}  // namespace

class Cancel : public testing::Test {
protected:
    Cancel() { board = shared_.get(); }

private:
    support::Shared<Board> shared_;
};

TEST_F(Cancel, ReachesTheRestOfAChunk) {
    mp::Pool pool{1};
    auto result = pool.map_async(
        [](int i) {
            ++board->ran;
            if (i == 0) {
                board->started = true;
                support::await(board->go);
            }
        },
        numbers(60), {.chunksize = 60});
    support::await(board->started);
    EXPECT_TRUE(result.cancel());
    board->go = true;
    EXPECT_THROW(result.get(), mp::TaskCancelled);
    EXPECT_EQ(pool.apply([] { return board->ran.load(); }), 1);
}

TEST_F(Cancel, LetsTheNextJobRunAtOnce) {
    mp::Pool pool{1};
    {
        auto forgotten = pool.map_async([](int) { ++board->ran; }, numbers(1000));
        static_cast<void>(forgotten.cancel());
    }
    EXPECT_EQ(pool.apply([] { return 1; }), 1);
}

TEST_F(Cancel, ByAFindReachesChunksOfOthers) {
    mp::Pool pool{2};
    // One worker finds at once; the other is in a chunk that would never end.
    const auto found = pool.find_any(
        [](int i) -> std::optional<int> {
            if (i == 0) {
                support::await(board->started);
                return i;
            }
            board->started = true;
            ::usleep(1000);
            return std::nullopt;
        },
        numbers(2'000'000), {.chunksize = 1'000'000});
    EXPECT_EQ(found, 0);
}

TEST_F(Cancel, ByAFindOfTheFirstLeavesLowerItemsRunning) {
    mp::Pool pool{2};
    const auto found = pool.find_first(
        [](int i) -> std::optional<int> {
            if (i == 50) {
                board->started = true;
                return i;
            }
            if (i == 0) {
                support::await(board->started);
            }
            return i == 40 ? std::optional(i) : std::nullopt;
        },
        numbers(100), {.chunksize = 50});
    EXPECT_EQ(found, 40);
}

TEST_F(Cancel, ByFailFastReachesChunksOfOthers) {
    mp::Pool pool{2};
    EXPECT_THROW(pool.map(
                     [](int i) {
                         if (i == 0) {
                             support::await(board->started);
                             throw std::runtime_error("first");
                         }
                         board->started = true;
                         ::usleep(1000);
                     },
                     numbers(2'000'000), {.chunksize = 1'000'000, .fail_fast = true}),
                 std::runtime_error);
}

TEST(Chunks, OfCheapItemsLeaveTheDearOnesBehindThemToEveryWorker) {
    mp::Pool pool{2};
    const auto workers = pool.map(
        [](int i) {
            if (i >= 2000) {
                ::usleep(1000);
            }
            return mp::this_worker::id();
        },
        numbers(2400));
    for (const int worker : {0, 1}) {
        EXPECT_GE(std::count(workers.begin() + 2000, workers.end(), worker), 50) << worker;
    }
}

TEST(Terminate, KeepsWhatHadFinishedBefore) {
    mp::Pool pool{1};
    auto result = pool.submit([] { return 7; });
    const pid_t worker = pool.worker_pids().at(0);
    ASSERT_TRUE(support::eventually([&] {
        const auto process = support::look_up(worker);
        return process && process->state == 'S';
    })) << "the worker does not park";
    pool.terminate();
    EXPECT_EQ(result.get(), 7);
}

TEST(Terminate, LeavesNoPidsOfWorkers) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.worker_pids().size(), 2U);
    pool.terminate();
    EXPECT_TRUE(pool.worker_pids().empty());
}
