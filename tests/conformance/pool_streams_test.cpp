// What CPython's own tests ask of multiprocessing.Pool's imap, imap_unordered, apply_async and
// map_async (Lib/test/_test_multiprocessing.py of 3.11), asked of this one. Each test has the name
// of the one whose semantics it checks; docs/conformance.md says where they differ, and why.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "face/feeds.hpp"
#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::numbers;
using support::squares;

namespace {

int sqr(int x) { return x * x; }
int sqr_after(int x, std::chrono::milliseconds pause) {
    ::usleep(static_cast<useconds_t>(std::chrono::microseconds(pause).count()));
    return x * x;
}

struct SaidWhen : std::runtime_error {
    SaidWhen() : std::runtime_error("somebody said when") {}
};

/// 0, 1, ... below `total`; throws in the place of `when`.
auto throwing_at(int when, int total) {
    static int read = 0;
    return feeds::Once([when](int i) { return i == when ? throw SaidWhen() : i; }, read, total);
}

/// The elements until the range's error comes.
template <class Stream>
std::vector<int> before_error(Stream&& stream) {
    std::vector<int> values;
    try {
        while (auto value = stream.next()) {
            values.push_back(*value);
        }
        ADD_FAILURE() << "no error came";
    } catch (const SaidWhen&) {
        EXPECT_EQ(stream.next(), std::nullopt) << "behind it there is nothing";
    }
    return values;
}

template <class Stream>
std::vector<int> sorted(Stream&& stream) {
    std::vector<int> values;
    for (const int value : stream) {
        values.push_back(value);
    }
    std::ranges::sort(values);
    return values;
}

class TestPool : public testing::Test {
protected:
    mp::Pool pool{4};
};

TEST_F(TestPool, test_apply) {
    EXPECT_EQ(pool.apply(sqr, 5), 25);
    EXPECT_EQ(pool.apply(mp::bind_back(sqr_after, 0ms), 3), 9);
}

TEST_F(TestPool, test_starmap_async) {
    std::vector<std::pair<int, int>> tuples;
    std::vector<int> products;
    for (int i = 0; i < 100; ++i) {
        tuples.emplace_back(i, 99 - i);
        products.push_back(i * (99 - i));
    }
    EXPECT_EQ(pool.starmap_async([](int a, int b) { return a * b; }, tuples).get(), products);
}

TEST_F(TestPool, test_map_async) { EXPECT_EQ(pool.map_async(sqr, numbers(10)).get(), squares(10)); }

TEST_F(TestPool, test_map_async_callbacks) {
    const auto parse = [](const std::string& text) { return std::stoi(text); };
    std::atomic<int> calls{0};
    pool.map_async(parse, support::listed("1")).then([&](mp::Outcome<std::vector<int>> outcome) {
        EXPECT_EQ(*outcome, support::listed(1));
        ++calls;
    });
    EXPECT_TRUE(support::eventually([&] { return calls == 1; }));
    pool.map_async(parse, support::listed("a")).then([&](const auto& outcome) {
        EXPECT_THROW(outcome.rethrow(), std::invalid_argument);
        ++calls;
    });
    EXPECT_TRUE(support::eventually([&] { return calls == 2; }));
}

TEST_F(TestPool, test_map_chunksize) {
    EXPECT_EQ(pool.map_async(sqr, numbers(0), {.chunksize = 1}).get(30s), numbers(0));
}

TEST_F(TestPool, test_map_handle_iterable_exception) {
    for (int again = 0; again < 2; ++again) {
        EXPECT_THROW(pool.map(sqr, throwing_at(0, 1), {.chunksize = 1}), SaidWhen);
        EXPECT_THROW(pool.map_async(sqr, throwing_at(3, 10), {.chunksize = 1}), SaidWhen);
    }
}

TEST_F(TestPool, test_async) {
    auto result = pool.apply_async(sqr_after, 7, 50ms);
    const auto start = support::Clock::now();
    EXPECT_EQ(result.get(), 49);
    EXPECT_LT(support::Clock::now() - start, support::patience);
}

TEST_F(TestPool, test_async_timeout) {
    auto result = pool.apply_async(sqr_after, 6, 60'000ms);
    const auto start = support::Clock::now();
    EXPECT_THROW(result.get(50ms), mp::TimeoutError);
    EXPECT_GE(support::Clock::now() - start, 50ms);
    EXPECT_LT(support::Clock::now() - start, support::patience);
}

TEST_F(TestPool, test_imap) {
    EXPECT_EQ(sorted(pool.imap(sqr, numbers(10))), squares(10));
    auto one = pool.imap(sqr, numbers(10));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(one.next(), i * i);
    }
    EXPECT_EQ(one.next(), std::nullopt);
    auto chunks = pool.imap(sqr, numbers(1000), {.chunksize = 100, .buffer = 400});
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(chunks.next(), i * i);
    }
    EXPECT_EQ(chunks.next(), std::nullopt);
}

TEST_F(TestPool, test_imap_handle_iterable_exception) {
    for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(before_error(pool.imap(sqr, throwing_at(0, 1), {.chunksize = 1})), numbers(0));
    }
    EXPECT_EQ(before_error(pool.imap(sqr, throwing_at(3, 10), {.chunksize = 1})), squares(3));
    // There an error costs the rest of its chunk; here everything before it is given.
    for (const std::size_t chunksize : {2U, 4U}) {
        EXPECT_EQ(before_error(pool.imap(sqr, throwing_at(7, 20), {.chunksize = chunksize})),
                  squares(7));
    }
}

TEST_F(TestPool, test_imap_unordered) {
    EXPECT_EQ(sorted(pool.imap_unordered(sqr, numbers(10))), squares(10));
    EXPECT_EQ(sorted(pool.imap_unordered(sqr, numbers(1000), {.chunksize = 100, .buffer = 400})),
              squares(1000));
}

TEST_F(TestPool, test_imap_unordered_handle_iterable_exception) {
    for (const std::size_t chunksize : {1U, 2U}) {
        EXPECT_EQ(
            before_error(pool.imap_unordered(sqr, throwing_at(0, 1), {.chunksize = chunksize})),
            numbers(0));
        auto values =
            before_error(pool.imap_unordered(sqr, throwing_at(7, 20), {.chunksize = chunksize}));
        std::ranges::sort(values);
        EXPECT_EQ(values, squares(7)) << "none is lost, the error comes last";
    }
}

TEST_F(TestPool, test_terminate) {
    auto result = pool.map_async([](int) { ::usleep(100'000); }, numbers(10'000), {.chunksize = 1});
    const auto start = support::Clock::now();
    pool.terminate();
    pool.join();
    EXPECT_LT(support::Clock::now() - start, 60s) << "all of it would take minutes";
    EXPECT_THROW(result.get(), mp::PoolTerminated);
}

TEST_F(TestPool, test_empty_iterable) {
    EXPECT_EQ(pool.map(sqr, numbers(0)), numbers(0));
    EXPECT_EQ(sorted(pool.imap(sqr, numbers(0))), numbers(0));
    EXPECT_EQ(sorted(pool.imap_unordered(sqr, numbers(0))), numbers(0));
    EXPECT_EQ(pool.map_async(sqr, numbers(0)).get(), numbers(0));
    pool.close();
    pool.join();
}

TEST_F(TestPool, test_context) {
    auto result = pool.map_async(sqr, numbers(10));
    EXPECT_EQ(result.get(), squares(10));
    pool.terminate();
    pool.join();
    EXPECT_THROW(pool.map_async(sqr, numbers(10)), mp::PoolTerminated);
    EXPECT_THROW(static_cast<void>(pool.imap(sqr, numbers(10))), mp::PoolTerminated);
}

TEST_F(TestPool, test_map_no_failfast) {
    support::Shared<std::atomic<int>> ended;
    mp::Pool two{2};
    EXPECT_THROW(two.map(
                     [ended = ended.get()](int x) {
                         ++*ended;
                         throw std::domain_error(std::string(1 << 20U, static_cast<char>('a' + x)));
                     },
                     numbers(2)),
                 std::domain_error);
    EXPECT_EQ(*ended, 2) << "it waits for all";
    two.close();
    two.join();
}

/// Instances in this process.
std::atomic<int> alive{0};
struct Counted {
    Counted() { ++alive; }
    Counted(const Counted& /*other*/) { ++alive; }
    Counted& operator=(const Counted&) = default;
    ~Counted() { --alive; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
    }
    int number = 0;
};

TEST_F(TestPool, test_release_task_refs) {
    {
        const auto same = [](Counted counted) { return counted; };
        const std::vector<Counted> objects(10);
        EXPECT_EQ(pool.map(same, objects).size(), 10U);
        EXPECT_EQ(pool.map_async(same, objects).get().size(), 10U);
        for (const Counted& one : pool.imap(same, objects)) {
            EXPECT_EQ(one.number, 0);
        }
        auto dropped = pool.imap_unordered(same, objects);
        pool.map_async(same, objects);
    }
    EXPECT_EQ(alive, 0)
        << "what was passed and what came is gone, in a stream that was dropped too";
}

class TestPoolWorkerErrors : public TestPool {};

TEST_F(TestPoolWorkerErrors, test_async_error_callback) {
    std::atomic<int> calls{0};
    pool.apply_async([]() -> int { throw std::out_of_range("key"); })
        .then([&](const auto& outcome) {
            EXPECT_THROW(outcome.rethrow(), std::out_of_range);
            ++calls;
        });
    EXPECT_TRUE(support::eventually([&] { return calls == 1; }));
}

/// Can be read but not written.
struct Unwritable {
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
        if (number == 13) {
            throw std::logic_error("cannot be written");
        }
    }
    int number = 0;
};

TEST_F(TestPoolWorkerErrors, test_unpickleable_result) {
    const std::vector<pid_t> before = pool.worker_pids();
    for (int i = 0; i < 20; ++i) {
        auto result = pool.apply_async([] { return Unwritable{13}; });
        EXPECT_THROW(result.get(), std::logic_error);
    }
    EXPECT_EQ(pool.worker_pids(), before) << "no worker is lost by it";
}

TEST(TestPoolWorkerLifetime, test_pool_worker_lifetime) {
    mp::Pool pool({.processes = 3, .max_tasks_per_child = 10});
    const std::vector<pid_t> before = pool.worker_pids();
    EXPECT_EQ(before.size(), 3U);
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 100; ++i) {
        results.push_back(pool.apply_async(sqr, i));
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
    }
    EXPECT_TRUE(support::eventually([&] { return pool.worker_pids().size() == 3; }));
    EXPECT_NE(pool.worker_pids(), before);
}

TEST(TestPoolWorkerLifetime, test_pool_worker_lifetime_early_close) {
    mp::Pool pool({.processes = 3, .max_tasks_per_child = 1});
    std::vector<mp::AsyncResult<int>> results;
    for (int i = 0; i < 6; ++i) {
        results.push_back(pool.apply_async(sqr_after, i, 20ms));
    }
    pool.close();
    pool.join();
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
    }
}

}  // namespace
