// procpool_test: TIMEOUT 30
// Start::in_caller: the same interface, the same answers, no process.

#include <atomic>
#include <exception>
#include <fstream>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>
#include <procpool/this_task.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"

namespace mp = procpool;
using support::all_are;
using support::listed;
using support::numbers;

namespace {

mp::Pool pool_in_caller() { return mp::Pool{{.processes = 4, .start = mp::Start::in_caller}}; }

}  // namespace

TEST(InCaller, RunsEveryItemInTheCallingThread) {
    auto pool = pool_in_caller();
    static std::thread::id caller;
    caller = std::this_thread::get_id();
    const auto here =
        pool.map([](int) { return std::this_thread::get_id() == caller; }, numbers(9));
    EXPECT_TRUE(all_are(true, here));
}

TEST(InCaller, StartsNoProcess) { EXPECT_TRUE(pool_in_caller().worker_pids().empty()); }

TEST(InCaller, GivesFixedSizeResultsInOrder) {
    auto pool = pool_in_caller();
    const auto squares = pool.map([](int i) { return double{1.0} * i * i; }, numbers(100'000));
    ASSERT_EQ(squares.size(), 100'000U);
    for (std::size_t i = 0; i < squares.size(); ++i) {
        ASSERT_EQ(squares[i], static_cast<double>(i) * static_cast<double>(i));
    }
}

TEST(InCaller, GivesVariableSizedResultsInOrder) {
    auto pool = pool_in_caller();
    EXPECT_EQ(
        pool.map([](int i) { return std::string(static_cast<std::size_t>(i), 'x'); }, numbers(4)),
        listed("", "x", "xx", "xxx"));
}

TEST(InCaller, TakesBoundArgumentsThatOwnMemory) {
    auto pool = pool_in_caller();
    const auto greet = [](int i, const std::string& word) { return word + std::to_string(i); };
    EXPECT_EQ(pool.map(mp::bind_back(greet, std::string("a")), numbers(2)), listed("a0", "a1"));
}

TEST(InCaller, AnErrorCostsOneItem) {
    auto pool = pool_in_caller();
    const auto outcomes = pool.try_map(
        [](int i) {
            if (i % 2 == 1) {
                throw std::out_of_range(std::to_string(i));
            }
            return i;
        },
        numbers(4));
    EXPECT_EQ(*outcomes[0], 0);
    EXPECT_EQ(*outcomes[2], 2);
    EXPECT_THROW(outcomes[1].rethrow(), std::out_of_range);
    EXPECT_EQ(outcomes[3].error().index(), 3U);
}

TEST(InCaller, FailFastCancelsTheRest) {
    auto pool = pool_in_caller();
    const auto outcomes =
        pool.try_map([](int i) { return i == 1 ? throw 1 : i; }, numbers(4), {.fail_fast = true});
    EXPECT_TRUE(outcomes[0]);
    EXPECT_THROW(outcomes[1].rethrow(), mp::RemoteError);
    EXPECT_THROW(outcomes[3].rethrow(), mp::TaskCancelled);
}

TEST(InCaller, StopsAtTheFirstFind) {
    auto pool = pool_in_caller();
    static int calls = 0;
    const auto found = pool.find_first(
        [](int i) {
            ++calls;
            return i == 5 ? std::optional(i) : std::nullopt;
        },
        numbers(1000));
    EXPECT_EQ(found, 5);
    EXPECT_EQ(calls, 6);
}

TEST(InCaller, FillsSharedVectorsInPlace) {
    auto pool = pool_in_caller();
    mp::shared_vector<int> out;
    pool.map_into([](int i) { return i + 1; }, numbers(3), out);
    EXPECT_EQ(std::vector<int>(out.begin(), out.end()), (std::vector<int>{1, 2, 3}));
}

TEST(InCaller, ASubmittedCallIsDoneAtOnce) {
    auto pool = pool_in_caller();
    auto result = pool.submit([](int i) { return i + 1; }, 1);
    EXPECT_TRUE(result.ready());
    EXPECT_EQ(result.get(), 2);
}

TEST(InCaller, TasksKnowTheirIndex) {
    auto pool = pool_in_caller();
    EXPECT_EQ(pool.map([](int) { return mp::this_task::index(); }, numbers(3)),
              listed<std::size_t>(0, 1, 2));
    EXPECT_EQ(mp::this_worker::id(), -1) << "outside of a task";
}

TEST(InCaller, Nests) {
    auto pool = pool_in_caller();
    const auto sums = pool.map(
        [](int i) {
            mp::Pool inner{{.start = mp::Start::in_caller}};
            return inner.apply([](int j) { return j + 1; }, i) +
                   static_cast<int>(mp::this_task::index());
        },
        numbers(3));
    EXPECT_EQ(sums, listed(1, 3, 5));
}

TEST(InCaller, InAWorkerItsTasksKnowTheirOwnIndexAndSeed) {
    mp::Pool outer{1};
    const auto known = [] {
        mp::Pool inner{{.start = mp::Start::in_caller}};
        return inner.map(
            [](int) { return std::pair(mp::this_task::index(), mp::this_task::seed()); },
            std::vector<int>(3));
    };
    EXPECT_EQ(outer.apply(known), known());
    EXPECT_NE(known()[1].second, known()[2].second);
}

TEST(InCaller, AWorkerForkedInATaskKnowsItsOwnItem) {
    auto pool = pool_in_caller();
    const auto indices = pool.map(
        [](int) {
            mp::Pool inner{1};
            return inner.map([](int) { return mp::this_task::index(); }, std::vector<int>(4))
                .back();
        },
        numbers(2));
    EXPECT_TRUE(all_are(3U, indices));
}

TEST(InCaller, AfterATaskThatThrewThereIsNone) {
    auto pool = pool_in_caller();
    EXPECT_ANY_THROW(pool.map([](int) -> int { throw 1; }, numbers(3)));
    EXPECT_EQ(mp::this_worker::id(), -1);
}

TEST(InCaller, HasOneWorkerWhateverWasAskedFor) { EXPECT_EQ(pool_in_caller().processes(), 1); }

namespace {

/// A call of another thread, of which the first item waits until it is let go.
class SlowCall {
public:
    explicit SlowCall(mp::Pool& pool) {
        inside = std::make_unique<std::latch>(1);
        go_on = std::make_unique<std::latch>(1);
        thread_ = std::thread([this, &pool] {
            try {
                results_ = pool.map(wait_at_first, numbers(3));
            } catch (...) {
                error_ = std::current_exception();
            }
        });
        inside->wait();
    }
    SlowCall(const SlowCall&) = delete;
    SlowCall& operator=(const SlowCall&) = delete;
    ~SlowCall() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    static void let_go() { go_on->count_down(); }
    std::vector<int> get() {
        thread_.join();
        if (error_) {
            std::rethrow_exception(error_);
        }
        return results_;
    }

private:
    static int wait_at_first(int i) {
        if (i == 0) {
            inside->count_down();
            go_on->wait();
        }
        return i;
    }
    static inline std::unique_ptr<std::latch> inside;
    static inline std::unique_ptr<std::latch> go_on;

    std::vector<int> results_;
    std::exception_ptr error_;
    std::thread thread_;
};

/// Memory checkers keep books of every mapping, and job schedulers sum them up.
TEST(InCaller, MapsNoSharedMemory) {
    EXPECT_EQ(support::status_of_child([] {
                  const auto mapped = [] {
                      std::size_t pages = 0;
                      std::ifstream("/proc/self/statm") >> pages;
                      return pages * 4096;
                  };
                  const std::size_t before = mapped();
                  mp::Pool pool{{.start = mp::Start::in_caller}};
                  const std::vector<std::string> texts(1000, std::string(100, 'x'));
                  std::size_t sum = 0;
                  for (const std::size_t size : pool.map(&std::string::size, texts)) {
                      sum += size;
                  }
                  for (const std::size_t size : pool.imap(&std::string::size, texts)) {
                      sum += size;
                  }
                  std::atomic<bool> called{false};
                  pool.submit(&std::string::size, texts[0]).then([&](auto) { called = true; });
                  if (!support::eventually([&] { return called.load(); })) {
                      return false;
                  }
                  // A thread has a stack and an arena of the allocator.
                  return sum == 200'000 && mapped() - before < (std::size_t{1} << 30U);
              }),
              0);
}

}  // namespace

TEST(InCaller, JoinWaitsForTheCallsOfOtherThreads) {
    auto pool = pool_in_caller();
    SlowCall call(pool);
    pool.close();
    std::atomic<bool> joined{false};
    std::thread joiner([&] {
        pool.join();
        joined = true;
    });
    const bool joined_early = joined;
    SlowCall::let_go();
    joiner.join();
    EXPECT_FALSE(joined_early);
    EXPECT_EQ(call.get(), numbers(3));
}

TEST(InCaller, WhatRunsWhenItIsTerminatedResolvesAsTerminated) {
    auto pool = pool_in_caller();
    SlowCall call(pool);
    pool.terminate();
    SlowCall::let_go();
    EXPECT_THROW(call.get(), mp::PoolTerminated);
    pool.join();
}

TEST(InCaller, ATaskCannotWaitForItself) {
    static mp::Pool* own = nullptr;
    auto pool = pool_in_caller();
    own = &pool;
    EXPECT_THROW(pool.apply([] {
        own->close();
        own->join();
    }),
                 std::logic_error);
    pool.join();
}

TEST(InCaller, RunsTheInitializerOnce) {
    static int runs = 0;
    mp::Pool pool{{.start = mp::Start::in_caller, .initializer = [] { ++runs; }}};
    pool.map([](int) {}, numbers(3));
    EXPECT_EQ(runs, 1);
}

TEST(InCaller, AFailedInitializerFailsEveryCall) {
    mp::Pool pool{
        {.start = mp::Start::in_caller, .initializer = [] { throw std::runtime_error("no"); }}};
    EXPECT_THROW(pool.apply([] {}), mp::InitializerFailed);
}

TEST(InCaller, ClosesLikeAnyPool) {
    auto pool = pool_in_caller();
    EXPECT_THROW(pool.join(), std::logic_error);
    pool.close();
    EXPECT_THROW(pool.apply([] {}), mp::PoolClosed);
    pool.join();
    pool.terminate();
    EXPECT_THROW(pool.apply([] {}), mp::PoolTerminated);
}

TEST(InCaller, ForEachWorkerRunsOnce) {
    static int runs = 0;
    auto pool = pool_in_caller();
    pool.for_each_worker([] { ++runs; });
    EXPECT_EQ(runs, 1);
}
