// procpool_test: TIMEOUT 120
// Streams under load: deaths, items that last, large items, an endless range, other calls beside
// them.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <numeric>
#include <ranges>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

int same(int x) { return x; }

/// Bytes of memory that this process has, its share of what it shares included.
std::size_t memory() {
    std::ifstream status("/proc/self/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    status >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(StreamWork, LosesNothingButTheItemsThatDie) {
    mp::Pool pool{3};
    const auto fragile = [](int x) {
        if (x % 50 == 7) {
            std::raise(SIGKILL);
        }
        return x;
    };
    int next = 0;
    for (const auto& outcome : pool.try_imap(fragile, std::views::iota(0, 1000))) {
        if (next % 50 == 7) {
            EXPECT_FALSE(outcome.has_value());
            EXPECT_EQ(outcome.error().index(), static_cast<std::uint64_t>(next));
        } else {
            EXPECT_EQ(*outcome, next);
        }
        ++next;
    }
    EXPECT_EQ(next, 1000);
}

TEST(StreamWork, GoesPastAnItemThatLasts) {
    mp::Pool pool{2};
    constexpr int others = 20'000;
    auto stream = pool.imap_unordered(
        [](int x) {
            if (x == 0) {
                ::sleep(600);
            }
            return x;
        },
        std::views::iota(0), {.buffer = 64});
    std::int64_t sum = 0;
    for (int i = 0; i < others; ++i) {
        sum += *stream.next();
    }
    EXPECT_GE(sum, std::int64_t{others} * (others + 1) / 2);
}

TEST(StreamWork, HoldsNoMoreLargeItemsThanItsBuffer) {
    constexpr std::size_t size = 8 << 20U;
    mp::Pool pool{2};
    const auto item = [](int i) { return std::vector<char>(size, static_cast<char>(i)); };
    const std::size_t before = memory();
    int next = 0;
    std::size_t most = 0;
    for (const std::size_t got :
         pool.imap([](const std::vector<char>& bytes) { return bytes.size(); },
                   std::views::iota(0, 100) | std::views::transform(item), {.buffer = 2})) {
        EXPECT_EQ(got, size);
        most = std::max(most, memory() - std::min(before, memory()));
        ++next;
    }
    EXPECT_EQ(next, 100);
    if (!sanitized) {
        // Two of them, the one that is made, and what is kept warm; not a hundred.
        EXPECT_LT(most, 20 * size);
    }
}

TEST(StreamWork, OverAnEndlessRangeHoldsMemoryFlat) {
    constexpr int rounds = sanitized ? 3 : 10;
    constexpr int items = sanitized ? 20'000 : 100'000;
    mp::Pool pool{2};
    auto stream = pool.imap(same, std::views::iota(0), {.buffer = 1024});
    int next = 0;
    std::size_t after_first = 0;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < items; ++i) {
            ASSERT_EQ(stream.next(), next++);
        }
        if (round == 0) {
            after_first = memory();
        }
    }
    EXPECT_LT(memory(), after_first + (4 << 20U));
}

/// Each worker may have begun one more item of the stream before it sees the call. This thread may
/// lose its CPU between the look and the call, so the best of some calls counts.
TEST(StreamWork, LetsAnotherCallStartWithTheNextFreeWorker) {
    const support::Shared<support::Counter> started;
    mp::Pool pool{2};
    const auto item = [started = started.get()](int x) {
        ++*started;
        ::usleep(2'000);
        return x;
    };
    auto stream = pool.imap(item, std::views::iota(0), {.chunksize = 1, .buffer = 1000});
    static_cast<void>(stream.next());
    int least_meanwhile = 1000;
    for (int i = 0; i < 5; ++i) {
        const int before = *started;
        const int at_start = pool.apply([started = started.get()] { return started->load(); });
        least_meanwhile = std::min(least_meanwhile, at_start - before);
    }
    EXPECT_LE(least_meanwhile, 2 * pool.processes());
}

TEST(StreamWork, GoesOnBesideAnotherStream) {
    mp::Pool pool{2};
    auto one = pool.imap([](int x) { return ::usleep(500), x; }, std::views::iota(0));
    auto two = pool.imap([](int x) { return ::usleep(500), x; }, std::views::iota(0));
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(one.next(), i);
        EXPECT_EQ(two.next(), i);
    }
}

TEST(StreamWork, OfAStreamInATask) {
    mp::Pool pool{1};
    const auto sum_in_task = [](int count) {
        mp::Pool inner{2};
        int sum = 0;
        for (const int x : inner.imap(same, std::views::iota(0, count))) {
            sum += x;
        }
        return sum;
    };
    int next = 0;
    for (const int sum : pool.imap(sum_in_task, std::views::iota(0, 5))) {
        EXPECT_EQ(sum, next * (next - 1) / 2);
        ++next;
    }
}

}  // namespace
