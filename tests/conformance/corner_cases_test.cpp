// Corner cases in which Python's pools hang, lose or guess, and which no other test here covers.
// docs/conformance.md has all thirty, with the tests of those that are not here.

#include <chrono>
#include <cstddef>
#include <optional>
#include <ranges>
#include <stdexcept>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "face/feeds.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::Counter;
using support::numbers;

namespace {

int same(int x) { return x; }

template <class T>
concept IsChunksize = requires(T value) { mp::MapOptions{.chunksize = value}; };
static_assert(IsChunksize<std::size_t>);
static_assert(!IsChunksize<double>);

TEST(CornerCase, StreamsRefuseAChunksizeOutOfRangeAtTheCall) {
    mp::Pool pool{1};
    const mp::MapOptions bad{.chunksize = static_cast<std::size_t>(-1)};
    EXPECT_THROW(static_cast<void>(pool.imap(same, numbers(3), bad)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(pool.imap_unordered(same, numbers(3), bad)),
                 std::invalid_argument);
}

TEST(CornerCase, ARangeMayThrowAnythingAndThePoolEnds) {
    int read = 0;
    const auto three_and_a_throw = [&read] {
        return feeds::Once([](int i) { return i == 3 ? throw 7 : i; }, read);
    };
    mp::Pool pool{2};
    EXPECT_THROW(pool.map(same, three_and_a_throw() | std::views::take(9)), int);
    auto stream = pool.imap(same, three_and_a_throw());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(stream.next(), i);
    }
    EXPECT_THROW(stream.next(), int);
    EXPECT_EQ(stream.next(), std::nullopt);
    pool.terminate();
    pool.join();
}

TEST(CornerCase, ATerminatedStreamResolves) {
    support::Shared<Counter> gate;
    mp::Pool pool{1};
    auto stream = pool.imap([g = gate.get()](int) { support::await(*g); }, numbers(3));
    pool.terminate();
    EXPECT_THROW(stream.next(), mp::PoolTerminated);
}

TEST(CornerCase, AnInitializerThatFailsIsNotTriedAgainAndAgain) {
    static support::Shared<Counter> tries;
    mp::Pool pool{{.processes = 2, .initializer = [] {
                       ++*tries;
                       throw std::runtime_error("no model");
                   }}};
    for (int call = 0; call < 100; ++call) {
        EXPECT_THROW(pool.apply(same, 1), mp::InitializerFailed);
    }
    pool.terminate();
    pool.join();
    EXPECT_LE(*tries, 2) << "once in each worker";
}

TEST(CornerCase, APoolIsNotPassedToItsTasks) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply([mine = &pool] { return mine->processes(); }), mp::NotShippable);
}

TEST(CornerCase, ATaskIsRefusedTheClientsPool) {
    static mp::Pool* of_client = nullptr;
    mp::Pool pool{1};
    of_client = &pool;
    mp::Pool inner{1};  // its workers know where the other one is
    EXPECT_THROW(inner.apply([] { return of_client->apply(same, 1); }), std::logic_error);
    EXPECT_EQ(pool.apply(same, 1), 1);
}

TEST(CornerCase, ATimeoutIsOfAnItemAndNotOfItsChunk) {
    mp::Pool pool{1};
    const auto rest = [](int x) {
        ::usleep(400'000);
        return x;
    };
    EXPECT_EQ(pool.map(rest, numbers(6), {.chunksize = 6, .timeout = 2s}), numbers(6))
        << "together they take longer";
}

TEST(CornerCase, ATimeoutStartsWhenItsItemDoes) {
    support::Shared<Counter> gate;
    mp::Pool pool{1};
    auto first = pool.submit([g = gate.get()] { support::await(*g); });
    auto second = pool.submit(mp::TaskOptions{.timeout = 1s}, same, 7);
    EXPECT_FALSE(second.wait(1500ms)) << "it waits for the first, and no time passes for it";
    ++*gate;
    EXPECT_EQ(second.get(), 7);
    first.get();
}

}  // namespace
