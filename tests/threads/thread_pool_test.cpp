// procpool_test: LINK procpool_thread_pool LABELS tsan
// ThreadPool: the verbs of Pool, on threads.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/async.hpp>
#include <procpool/bind.hpp>
#include <procpool/shared.hpp>
#include <procpool/this_task.hpp>
#include <procpool/thread_pool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/own_threads.hpp"
#include "support/sanitized.hpp"

namespace mp = procpool;
using support::listed;
using support::numbers;
using namespace std::chrono_literals;

namespace {

using ThreadPool = std::conditional_t<thread_sanitized, support::PoolOfOwnThreads, mp::ThreadPool>;

int square(int x) { return x * x; }

int throw_at_odd(int x) {
    if (x % 2 == 1) {
        throw std::out_of_range(std::to_string(x));
    }
    return x;
}

std::atomic<int> alive;  // of these
struct Counted {
    int value = 0;
    Counted() { ++alive; }
    explicit Counted(int given) : value(given) { ++alive; }
    Counted(const Counted& other) : value(other.value) { ++alive; }
    Counted& operator=(const Counted&) = default;
    ~Counted() { --alive; }
    template <class A>
    void serialize(A& archive) {
        archive(value);
    }
};

/// Returns when its stop token is requested.
void wait_for_stop(std::atomic<int>& begun) {
    const std::stop_token stop = mp::this_task::stop_token();
    ++begun;
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(1ms);
    }
}

}  // namespace

// The verbs ---------------------------------------------------------------------------------------

TEST(ThreadPool, MapsInTheOrderOfTheItems) {
    ThreadPool pool{3};
    const auto squares = pool.map(square, numbers(30'000));
    ASSERT_EQ(squares.size(), 30'000U);
    for (int i = 0; i < 30'000; ++i) {
        ASSERT_EQ(squares[static_cast<std::size_t>(i)], i * i);
    }
    EXPECT_EQ(
        pool.map([](int i) { return std::string(static_cast<std::size_t>(i), 'x'); }, numbers(4)),
        listed("", "x", "xx", "xxx"));
    EXPECT_TRUE(pool.map(square, std::vector<int>{}).empty());
}

TEST(ThreadPool, RunsInThisProcessOnOtherThreads) {
    ThreadPool pool{2};
    EXPECT_EQ(pool.apply(&::getpid), ::getpid());
    static std::thread::id caller;
    caller = std::this_thread::get_id();
    EXPECT_TRUE(pool.apply([] { return std::this_thread::get_id() != caller; }));
}

TEST(ThreadPool, RunsAsManyItemsAtOnceAsItHasThreads) {
    constexpr int threads = 12;  // more than there are CPUs here
    static std::latch all_are_here(threads);
    ThreadPool pool{threads};
    EXPECT_EQ(pool.processes(), threads);
    pool.for_each([](int) { all_are_here.arrive_and_wait(); }, numbers(threads), {.chunksize = 1});
}

TEST(ThreadPool, RunsNoMoreItemsAtOnceThanItHasThreads) {
    static std::atomic<int> running, most;
    running = most = 0;
    ThreadPool pool{1};
    std::vector<mp::AsyncResult<void>> results;
    for (int i = 0; i < 50; ++i) {
        results.push_back(pool.submit([] {
            most = std::max(most.load(), ++running);
            std::this_thread::sleep_for(100us);
            --running;
        }));
    }
    EXPECT_TRUE(mp::wait_all(results, 30s));
    EXPECT_EQ(most, 1);
}

TEST(ThreadPool, AnErrorCostsOneItem) {
    ThreadPool pool{2};
    const auto outcomes = pool.try_map(throw_at_odd, numbers(1'000));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        ASSERT_EQ(outcomes[i].has_value(), i % 2 == 0);
        ASSERT_EQ(outcomes[i].index(), i);
    }
    EXPECT_THROW(outcomes[7].rethrow(), std::out_of_range);
}

TEST(ThreadPool, MapThrowsTheErrorOfTheLowestIndex) {
    ThreadPool pool{4};
    try {
        pool.map(throw_at_odd, numbers(1'000));
        ADD_FAILURE();
    } catch (const std::out_of_range& error) {
        EXPECT_EQ(std::string(error.what()).substr(0, 1), "1");
    }
}

TEST(ThreadPool, FailFastStartsNoMore) {
    static std::atomic<int> begun;
    begun = 0;
    ThreadPool pool{2};
    const auto outcomes = pool.try_map(
        [](int x) {
            ++begun;
            return throw_at_odd(x + 1);
        },
        numbers(100'000), {.chunksize = 1, .fail_fast = true});
    EXPECT_THROW(outcomes[0].rethrow(), std::out_of_range);
    EXPECT_THROW(outcomes.back().rethrow(), mp::TaskCancelled);
    EXPECT_LT(begun, 100'000);
}

TEST(ThreadPool, MapsIntoASharedVector) {
    ThreadPool pool{2};
    const mp::shared_vector<int> in(5'000, 3);
    mp::shared_vector<int> out;
    pool.map_into(square, in, out);
    ASSERT_EQ(out.size(), 5'000U);
    EXPECT_EQ(out[0], 9);
    EXPECT_EQ(out[4'999], 9);
}

TEST(ThreadPool, ReducesToTheSameBitsWithAnyNumberOfThreads) {
    std::vector<double> data(20'000);
    std::iota(data.begin(), data.end(), 0.1);
    const auto root = [](double x) { return 1.0 / (1.0 + x); };
    ThreadPool one{1};
    const double expected = one.transform_reduce(data, 0.0, std::plus<>{}, root);
    for (const int threads : {2, 3, 7}) {
        ThreadPool pool{threads};
        EXPECT_EQ(pool.transform_reduce(data, 0.0, std::plus<>{}, root), expected);
    }
}

TEST(ThreadPool, StreamsAnEndlessRange) {
    ThreadPool pool{2};
    int next = 0;
    for (const int got : pool.imap(square, std::views::iota(0)) | std::views::take(5'000)) {
        ASSERT_EQ(got, next * next);
        ++next;
    }
    EXPECT_EQ(next, 5'000);
}

TEST(ThreadPool, StreamsInTheOrderOfArrivalWithoutLoss) {
    ThreadPool pool{3};
    std::set<int> seen;
    for (const int got : pool.imap_unordered([](int x) { return x; }, numbers(20'000))) {
        EXPECT_TRUE(seen.insert(got).second);
    }
    EXPECT_EQ(seen.size(), 20'000U);
}

TEST(ThreadPool, TheNextItemOfAStreamDoesNotWaitForTheLast) {
    static std::latch both(2);
    ThreadPool pool{2};
    auto stream =
        pool.imap([](int) { both.arrive_and_wait(); }, std::views::iota(0, 2), {.buffer = 2});
    EXPECT_EQ(std::ranges::distance(stream), 2);
}

TEST(ThreadPool, FindsTheFirst) {
    ThreadPool pool{4};
    const auto found = pool.find_first(
        [](int x) { return x >= 777 && x % 7 == 0 ? std::optional<int>(x) : std::nullopt; },
        std::views::iota(0));
    EXPECT_EQ(found, 777);
}

TEST(ThreadPool, SubmitsAndCallsBack) {
    ThreadPool pool{2};
    static std::latch told(1);
    static std::atomic<int> got;
    pool.submit(square, 9).then([](mp::Outcome<int> outcome) {
        got = *outcome;
        told.count_down();
    });
    told.wait();
    EXPECT_EQ(got, 81);
}

TEST(ThreadPool, ResultsComeAsTheyAreCompleted) {
    ThreadPool pool{2};
    static std::atomic<bool> go;
    go = false;
    std::vector<mp::AsyncResult<int>> results;
    results.push_back(pool.submit([] {
        go.wait(false);
        return 1;
    }));
    results.push_back(pool.submit([] { return 2; }));
    std::vector<int> order;
    for (auto& result : mp::as_completed(results)) {
        order.push_back(result.get());
        go = true;
        go.notify_all();
    }
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

// What is a worker's own --------------------------------------------------------------------------

TEST(ThreadPool, EachWorkerHasItsNumberAndItsObjects) {
    ThreadPool pool{3};
    pool.for_each_worker([] { mp::this_worker::local<int>() = 10 + mp::this_worker::id(); });
    for (const auto& [id, value] : pool.map(
             [](int) { return std::pair(mp::this_worker::id(), mp::this_worker::local<int>()); },
             numbers(500))) {
        ASSERT_GE(id, 0);
        ASSERT_LT(id, 3);
        ASSERT_EQ(value, 10 + id);
    }
}

TEST(ThreadPool, ForEachWorkerRunsOnceInEach) {
    static std::mutex mutex;
    static std::multiset<int> ids;
    ids.clear();
    ThreadPool pool{5};
    auto busy = pool.map_async([](int x) { return x; }, numbers(100'000));
    pool.for_each_worker([] {
        const std::scoped_lock lock(mutex);
        ids.insert(mp::this_worker::id());
    });
    EXPECT_EQ(ids, (std::multiset<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(busy.get().size(), 100'000U);
}

TEST(ThreadPool, InitializesAndFinalizesEachWorkerThatWasUsed) {
    static std::atomic<int> initialized, finalized;
    initialized = finalized = 0;
    ThreadPool pool{
        {.processes = 2, .initializer = [] { ++initialized; }, .finalizer = [] { ++finalized; }}};
    pool.for_each_worker([] {});
    EXPECT_EQ(initialized, 2);
    pool.map(square, numbers(100));
    EXPECT_EQ(initialized, 2);
    pool.close();
    pool.join();
    EXPECT_EQ(finalized, 2);
}

TEST(ThreadPool, AnInitializerThatThrowsBreaksThePool) {
    ThreadPool pool{{.processes = 2, .initializer = [] { throw std::runtime_error("no model"); }}};
    EXPECT_THROW(pool.map(square, numbers(100)), mp::InitializerFailed);
    EXPECT_THROW(pool.apply(square, 1), mp::InitializerFailed);
}

TEST(ThreadPool, ItemsKnowTheirIndexAndSeed) {
    ThreadPool pool{3};
    const auto indices = pool.map([](int) { return mp::this_task::index(); }, numbers(2'000));
    for (std::size_t i = 0; i < indices.size(); ++i) {
        ASSERT_EQ(indices[i], i);
    }
}

// Tasks that call their pool ----------------------------------------------------------------------

TEST(ThreadPool, ATaskMayWaitForOthersOfItsPool) {
    static ThreadPool* own;
    ThreadPool pool{2};
    own = &pool;
    const auto sums = pool.map(
        [](int x) {
            int sum = 0;
            for (const int y : own->map([](int z) { return z + 1; }, numbers(x))) {
                sum += y;
            }
            return sum;
        },
        numbers(50));
    EXPECT_EQ(sums[49], 49 * 50 / 2);
}

TEST(ThreadPool, TasksMayCallEveryWorkerOfTheirPool) {
    static ThreadPool* own;
    static std::atomic<int> calls;
    calls = 0;
    ThreadPool pool{3};
    own = &pool;
    pool.for_each([](int) { own->for_each_worker([] { ++calls; }); }, numbers(9), {.chunksize = 1});
    EXPECT_EQ(calls, 9 * 3);
}

TEST(ThreadPool, JoinInATaskOfThePoolIsRefused) {
    static ThreadPool* own;
    ThreadPool pool{2};
    own = &pool;
    EXPECT_THROW(pool.apply([] {
        own->close();
        own->join();
    }),
                 std::logic_error);
}

TEST(ThreadPool, ATaskMayAskWhichOfItsTasksIsReadyFirst) {
    static ThreadPool* own;
    ThreadPool pool{1};
    own = &pool;
    EXPECT_EQ(pool.apply([] {
        std::vector<mp::AsyncResult<int>> results;
        for (int i = 0; i < 5; ++i) {
            results.push_back(own->submit(square, i));
        }
        int sum = 0;
        for (auto& result : mp::as_completed(results)) {
            sum += result.get();
        }
        return sum;
    }),
              30);
}

TEST(ThreadPool, AnInitializerMayNotCallItsPool) {
    static ThreadPool* own;
    ThreadPool pool{{.processes = 1, .initializer = [] { own->apply(square, 1); }}};
    own = &pool;
    EXPECT_THROW(pool.apply(square, 2), mp::InitializerFailed);
}

TEST(ThreadPool, CallsOfManyThreadsShareIt) {
    ThreadPool pool{3};
    std::vector<std::jthread> callers;
    std::atomic<int> right = 0;
    for (int i = 0; i < 6; ++i) {
        callers.emplace_back([&] {
            for (int round = 0; round < 200; ++round) {
                right += pool.map(square, numbers(50))[49] == 49 * 49 ? 1 : 0;
            }
        });
    }
    callers.clear();
    EXPECT_EQ(right, 6 * 200);
}

TEST(ThreadPool, AShortCallDoesNotWaitForALongOne) {
    ThreadPool pool{1};
    auto long_one =
        pool.map_async([](int) { std::this_thread::sleep_for(1ms); }, numbers(1'000'000));
    EXPECT_EQ(pool.apply(square, 3), 9);
    EXPECT_FALSE(long_one.ready());
    long_one.cancel();
}

// An executor without memory ----------------------------------------------------------------------

namespace {

/// Has no memory in two of three cases: before it queues the work, or after that.
class Short final : public support::OwnThreads {
public:
    using OwnThreads::OwnThreads;
    void enqueue(std::function<void()> work) override {
        const int call = calls_++;
        if (work == nullptr || call % 3 == 0) {
            OwnThreads::enqueue(std::move(work));
            return;
        }
        if (call % 3 == 1) {
            OwnThreads::enqueue(std::move(work));
        }
        throw std::bad_alloc();
    }

private:
    std::atomic<int> calls_{0};
};

}  // namespace

TEST(ThreadPool, AnExecutorWithoutMemoryCostsNoMoreThanTheCall) {
    int right = 0;
    int refused = 0;
    support::PoolOfOwnThreads pool({.processes = 2}, std::make_unique<Short>(2));
    for (int round = 0; round < 300; ++round) {
        try {
            const auto squares = pool.map(square, numbers(20), {.chunksize = 3});
            right += squares.size() == 20 && squares[19] == 19 * 19 ? 1 : 0;
            static std::atomic<int> calls;
            calls = 0;
            pool.for_each_worker([] { ++calls; });
            EXPECT_EQ(calls, 2);
        } catch (const std::bad_alloc&) {
            ++refused;
        }
    }
    EXPECT_EQ(right + refused, 300);
    EXPECT_GT(right, 0);
    EXPECT_GT(refused, 0);
    pool.close();
    pool.join();
}

// Ends --------------------------------------------------------------------------------------------

TEST(ThreadPool, CancelAsksWhatRunsAndWhatThatComesToCounts) {
    static std::atomic<int> begun;
    begun = 0;
    ThreadPool pool{2};
    auto waiting = pool.submit([] { wait_for_stop(begun); });
    ASSERT_TRUE(support::eventually([] { return begun == 1; }));
    auto pending = pool.map_async([](int) { wait_for_stop(begun); }, numbers(100));
    EXPECT_TRUE(pending.cancel());
    EXPECT_THROW(pending.get(), mp::TaskCancelled);
    EXPECT_TRUE(waiting.cancel());
    waiting.get();
    EXPECT_EQ(pool.apply(square, 3), 9);
}

TEST(ThreadPool, AStopTokenCancelsACallThatBlocks) {
    static std::atomic<int> begun;
    begun = 0;
    ThreadPool pool{1};
    std::stop_source stop;
    const std::jthread stopper([&] {
        EXPECT_TRUE(support::eventually([] { return begun == 1; }));
        stop.request_stop();
    });
    EXPECT_THROW(
        pool.for_each([](int) { wait_for_stop(begun); }, numbers(3), {.stop = stop.get_token()}),
        mp::TaskCancelled);
}

TEST(ThreadPool, TerminateGivesUpWhatIsPending) {
    static std::atomic<int> begun;
    begun = 0;
    ThreadPool pool{1};
    auto running = pool.submit([] { wait_for_stop(begun); });
    ASSERT_TRUE(support::eventually([] { return begun == 1; }));
    auto pending = pool.submit(square, 3);
    pool.terminate();
    EXPECT_THROW(running.get(), mp::PoolTerminated);
    EXPECT_THROW(pending.get(), mp::PoolTerminated);
    EXPECT_THROW(pool.apply(square, 3), mp::PoolTerminated);
    pool.join();
}

TEST(ThreadPool, JoinWaitsForWhatIsPending) {
    ThreadPool pool{2};
    auto pending = pool.map_async(square, numbers(50'000));
    pool.close();
    EXPECT_THROW(pool.apply(square, 3), mp::PoolClosed);
    pool.join();
    EXPECT_TRUE(pending.ready());
    EXPECT_EQ(pending.get()[7], 49);
}

TEST(ThreadPool, TwoThreadsMayJoin) {
    static std::atomic<int> finalized;
    finalized = 0;
    ThreadPool pool{{.processes = 2, .finalizer = [] { ++finalized; }}};
    pool.for_each_worker([] { static_cast<void>(mp::this_worker::local<std::string>("local")); });
    pool.close();
    {
        const std::jthread other([&] { pool.join(); });
        pool.join();
        EXPECT_EQ(finalized, 2);
    }
}

TEST(ThreadPool, ACancelledCallReturnsWhenNothingWritesToItsOutputAnyMore) {
    static std::atomic<int> begun;
    static std::atomic<bool> written;
    begun = 0;
    written = false;
    ThreadPool pool{1};
    std::stop_source stop;
    mp::shared_vector<int> out;
    const std::jthread stopper([&] {
        EXPECT_TRUE(support::eventually([] { return begun == 1; }));
        stop.request_stop();
    });
    EXPECT_THROW(pool.map_into(
                     [](int x) {
                         wait_for_stop(begun);
                         written = true;
                         return x;
                     },
                     numbers(3), out, {.chunksize = 1, .stop = stop.get_token()}),
                 mp::TaskCancelled);
    EXPECT_TRUE(written);
}

TEST(ThreadPool, ItsFunctionsAreDestroyedWhenItIsGone) {
    alive = 0;
    for (int round = 0; round < 50; ++round) {
        ThreadPool pool{2};
        pool.map(mp::bind_back([](int x, const Counted& add) { return x + add.value; }, Counted(3)),
                 numbers(50), {.chunksize = 1});
        pool.close();
        pool.join();
        ASSERT_EQ(alive, 0);
    }
}

TEST(ThreadPool, JoinReturnsWithAHalfReadStream) {
    ThreadPool pool{2};
    auto stream = pool.imap(square, std::views::iota(0));
    EXPECT_EQ(stream.next(), 0);
    pool.close();
    pool.join();
}

TEST(ThreadPool, ItsDestructorWaitsForWhatRuns) {
    static std::atomic<int> begun;
    static std::atomic<bool> ended;
    begun = 0;
    ended = false;
    {
        ThreadPool pool{1};
        static_cast<void>(pool.submit([] {
            wait_for_stop(begun);
            ended = true;
        }));
        ASSERT_TRUE(support::eventually([] { return begun == 1; }));
    }
    EXPECT_TRUE(ended);
}

TEST(ThreadPool, AWaitHasADeadline) {
    static std::atomic<int> begun;
    begun = 0;
    ThreadPool pool{1};
    auto waiting = pool.submit([] { wait_for_stop(begun); });
    EXPECT_FALSE(waiting.wait(10ms));
    waiting.cancel();
}

// What only a process can do ----------------------------------------------------------------------

TEST(ThreadPool, RefusesWhatOnlyAProcessCanDo) {
    EXPECT_THROW(mp::ThreadPool({.memory_limit = 1 << 20}), std::invalid_argument);
    EXPECT_THROW(mp::ThreadPool({.max_tasks_per_child = 5}), std::invalid_argument);
    EXPECT_THROW(mp::ThreadPool({.start = mp::Start::spawn}), std::invalid_argument);
    EXPECT_THROW(mp::ThreadPool({.pin = true}), std::invalid_argument);
    EXPECT_THROW(mp::ThreadPool(-1), std::invalid_argument);
    mp::ThreadPool pool{1};
    EXPECT_THROW(pool.map(square, numbers(3), {.timeout = 1s}), std::invalid_argument);
    EXPECT_THROW(pool.apply({.timeout = 1s}, square, 3), std::invalid_argument);
}

TEST(ThreadPool, InAForkedChildItsCallsThrowAndItsDestructorDoesNothing) {
    if (thread_sanitized) {
        GTEST_SKIP() << "oneTBB was compiled without it";
    }
    static std::atomic<int> destroyed;
    struct Noticed {
        ~Noticed() { ++destroyed; }
    };
    destroyed = 0;
    auto pool = std::make_optional<mp::ThreadPool>(2);
    EXPECT_EQ(pool->apply(square, 3), 9);
    pool->for_each_worker([] { static_cast<void>(mp::this_worker::local<Noticed>()); });
    EXPECT_EQ(support::status_of_child([&] {
                  try {
                      pool->apply(square, 3);
                      return false;
                  } catch (const std::logic_error&) {
                  }
                  pool.reset();
                  return destroyed == 0;
              }),
              0);
    EXPECT_EQ(pool->apply(square, 3), 9);
}
