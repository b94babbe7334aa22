#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::all_are;
using support::await;
using support::Counter;
using support::listed;
using support::Shared;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

TEST(Apply, CallsInAWorker) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.apply(add, 2, 3), 5);
    EXPECT_NE(pool.apply(getpid), getpid());
}

TEST(Apply, PassesArgumentsOfEveryKind) {
    mp::Pool pool{1};
    const std::string name = "a name that does not fit into a small string";
    const auto join = [](const std::string& s, std::vector<int>&& v, char c,
                         std::pair<int, std::string> p) {
        return s + std::to_string(v.size()) + c + p.second;
    };
    EXPECT_EQ(pool.apply(join, name, std::vector<int>{1, 2}, '!', std::pair{1, std::string("end")}),
              name + "2!end");
}

TEST(Apply, PassesAStringLiteralAsAString) {
    mp::Pool pool{1};
    const auto greet = [](std::string&& who, std::string_view end) {
        return who + std::string(end);
    };
    EXPECT_EQ(pool.apply(greet, "Ada", "!"), "Ada!");
    EXPECT_EQ(pool.submit(greet, "Ada", "!").get(), "Ada!");
    EXPECT_EQ(pool.apply_async(greet, "Ada", "!").get(), "Ada!");
    EXPECT_EQ(pool.apply([](const auto& text) { return text; }, "Ada"), std::string("Ada"));
}

TEST(Apply, CarriesLargeArguments) {
    mp::Pool pool{1};
    const std::vector<char> large(5'000'000, 'x');
    EXPECT_EQ(pool.apply([](const std::vector<char>& v) { return v; }, large), large);
}

TEST(Apply, OfAFunctionWithoutResultReturnsNothing) {
    Shared<Counter> calls;
    mp::Pool pool{1};
    static_assert(std::is_void_v<decltype(pool.apply([] {}))>);
    pool.apply([count = calls.get()] { ++*count; });
    EXPECT_EQ(*calls, 1);
}

TEST(Apply, CallsMembersAndBinds) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply(&std::string::size, std::string("four")), 4u);
    EXPECT_EQ(pool.apply(mp::bind_back(add, 10), 1), 11);
}

TEST(Apply, ThrowsWhatTheTaskThrows) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply([]() -> int { throw std::out_of_range("x"); }), std::out_of_range);
    EXPECT_THROW(pool.apply([] { raise(SIGKILL); }), mp::WorkerDied);
    EXPECT_EQ(pool.apply(add, 1, 1), 2);
}

TEST(Apply, TakesATimeout) {
    mp::Pool pool{1};
    const auto spin = [] {
        for (volatile bool forever = true; forever;) {
        }
    };
    EXPECT_THROW(pool.apply(mp::TaskOptions{.timeout = 30ms}, spin), mp::TaskTimeout);
}

TEST(Apply, TakesRetries) {
    Shared<Counter> tries;
    mp::Pool pool{1};
    const auto die_once = [count = tries.get()] {
        if (++*count == 1) {
            raise(SIGKILL);
        }
        return count->load();
    };
    EXPECT_EQ(pool.apply(mp::TaskOptions{.retries = 1}, die_once), 2);
}

TEST(Submit, DoesNotWait) {
    Shared<Counter> gate;
    mp::Pool pool{1};
    auto result = pool.submit([g = gate.get()] {
        await(*g);
        return 7;
    });
    EXPECT_FALSE(result.ready());
    EXPECT_FALSE(result.wait(0ns));
    ++*gate;
    EXPECT_EQ(result.get(), 7);
}

TEST(Submit, IsApplyAsyncToo) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply_async(add, 2, 3).get(), 5);
    EXPECT_EQ(pool.apply_async(mp::TaskOptions{.retries = 1}, add, 2, 3).get(), 5);
}

TEST(Submit, TakesManyTasks) {
    mp::Pool pool{2};
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 1000; ++i) {
        results.push_back(pool.submit(add, i, i));
    }
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(results[static_cast<std::size_t>(i)].get(), 2 * i);
    }
}

TEST(AsyncResult, GetWithATimeoutThrowsAndCanBeCalledAgain) {
    Shared<Counter> gate;
    mp::Pool pool{1};
    auto result = pool.submit([g = gate.get()] {
        await(*g);
        return 7;
    });
    EXPECT_THROW(result.get(0ns), mp::TimeoutError);
    EXPECT_THROW(result.get(-5s), mp::TimeoutError);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THROW(result.get(20ms), mp::TimeoutError);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
    ++*gate;
    EXPECT_EQ(result.get(1h), 7);
}

TEST(AsyncResult, WaitsForTheLongestTimeThereIs) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.submit(add, 1, 2).get(std::chrono::nanoseconds::max()), 3);
}

TEST(AsyncResult, GivesItsValueOnce) {
    mp::Pool pool{1};
    auto result = pool.submit(add, 1, 2);
    EXPECT_EQ(result.get(), 3);
    EXPECT_THROW(result.get(), std::logic_error);
    EXPECT_TRUE(result.ready());
    EXPECT_TRUE(result.wait(0ns));
    result.wait();
}

TEST(AsyncResult, GivesItsErrorToGetAndNotToWait) {
    mp::Pool pool{1};
    auto result = pool.submit([]() -> int { throw std::domain_error("x"); });
    result.wait();
    EXPECT_TRUE(result.ready());
    EXPECT_THROW(result.get(), std::domain_error);
}

TEST(AsyncResult, KnowsWhetherItWasSuccessful) {
    Shared<Counter> gate;
    mp::Pool pool{1};
    auto good = pool.submit([g = gate.get()] { await(*g); });
    EXPECT_THROW(static_cast<void>(good.successful()), std::logic_error);
    ++*gate;
    good.wait();
    EXPECT_TRUE(good.successful());
    good.get();
    EXPECT_TRUE(good.successful());
    auto bad = pool.submit([]() -> int { throw std::domain_error("x"); });
    bad.wait();
    EXPECT_FALSE(bad.successful());
}

TEST(AsyncResult, MayBeMoved) {
    mp::Pool pool{1};
    auto a = pool.submit(add, 1, 2);
    auto b = std::move(a);
    EXPECT_THROW(a.wait(), std::logic_error);
    EXPECT_EQ(b.get(), 3);
}

TEST(AsyncResult, MayBeForgottenWhileItsTaskRuns) {
    Shared<Counter> gate, done;
    mp::Pool pool{1};
    static_cast<void>(pool.submit([g = gate.get(), d = done.get()] {
        await(*g);
        ++*d;
    }));
    ++*gate;
    pool.close();
    pool.join();
    EXPECT_EQ(*done, 1);
}

TEST(AsyncResult, ResolvesWhenItsPoolIsGone) {
    Shared<Counter> gate;
    auto pool = std::make_unique<mp::Pool>(1);
    auto pending = pool->submit([g = gate.get()] { await(*g); });
    auto done = pool->submit(mp::TaskOptions{}, [] {});
    pool.reset();
    EXPECT_TRUE(pending.ready());
    EXPECT_THROW(pending.get(), mp::PoolTerminated);
}

TEST(AsyncResult, KeepsItsValueWhenItsPoolIsGone) {
    auto pool = std::make_unique<mp::Pool>(1);
    auto result = pool->submit(add, 1, 2);
    result.wait();
    pool.reset();
    EXPECT_EQ(result.get(), 3);
}

TEST(AsyncResult, CancelsWhatHasNotStarted) {
    Shared<Counter> started, gate;
    mp::Pool pool{1};
    auto running = pool.submit([s = started.get(), g = gate.get()] {
        ++*s;
        await(*g);
        return 1;
    });
    await(*started);
    auto waiting = pool.submit([] { return 2; });
    EXPECT_TRUE(waiting.cancel());
    EXPECT_THROW(waiting.get(), mp::TaskCancelled);
    ++*gate;
    EXPECT_EQ(running.get(), 1);
    EXPECT_FALSE(running.cancel());
}

TEST(MapAsync, GivesWhatMapGives) {
    mp::Pool pool{2};
    auto squares = pool.map_async([](int x) { return x * x; }, std::vector<int>{1, 2, 3});
    EXPECT_EQ(squares.get(), listed(1, 4, 9));
    auto nothing = pool.map_async([](int) {}, std::vector<int>{1});
    static_assert(std::is_same_v<decltype(nothing), mp::AsyncResult<void>>);
    EXPECT_NO_THROW(nothing.get());
    auto sums = pool.starmap_async(add, std::vector<std::pair<int, int>>{{1, 2}, {3, 4}});
    EXPECT_EQ(sums.get(), listed(3, 7));
}

TEST(MapAsync, OfAnEmptyRangeIsReadyAtOnce) {
    mp::Pool pool{1};
    auto result = pool.map_async([](int x) { return x; }, std::vector<int>{});
    EXPECT_TRUE(result.ready());
    EXPECT_TRUE(result.get().empty());
}

TEST(MapAsync, RunsToItsEndThoughNobodyTakesItsResults) {
    Shared<Counter> done;
    mp::Pool pool{1};
    pool.map([](int x) { return double(x); }, std::vector<int>(10'000, 1));  // 80 KB of results

    constexpr int count = 200'000;  // 1.6 MB of them
    auto result = pool.map_async(
        [d = done.get()](int x) {
            ++*d;
            return double(x);
        },
        std::vector<int>(count, 1));
    await(*done, count);
    EXPECT_EQ(result.get().size(), std::size_t{count});
}

TEST(MapAsync, ReadsItsItemsBeforeItReturns) {
    Shared<Counter> gate;
    mp::Pool pool{1};
    std::vector<int> items(10'000, 1);
    auto result = pool.map_async(
        [g = gate.get()](int x) {
            await(*g);
            return x;
        },
        items);
    items.assign(items.size(), 2);
    ++*gate;
    EXPECT_TRUE(all_are(1, result.get()));
}

}  // namespace
