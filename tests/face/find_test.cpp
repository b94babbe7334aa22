#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "face/feeds.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::await;
using support::Counter;
using support::numbers;
using support::Shared;

namespace {

std::optional<int> if_large(int x, int bound) {
    return x >= bound ? std::optional(x) : std::nullopt;
}

TEST(FindFirst, GivesTheSuccessOfTheLowestIndex) {
    mp::Pool pool{2};
    for (const int bound : {0, 1, 17, 9'999}) {
        EXPECT_EQ(pool.find_first(mp::bind_back(if_large, bound), numbers(10'000)), bound);
    }
}

TEST(FindFirst, WaitsForALowerItemThatTakesLonger) {
    Shared<Counter> later_found;
    mp::Pool pool{2};
    const auto find = [later = later_found.get()](int x) -> std::optional<int> {
        if (x == 1) {
            await(*later);
            return x;
        }
        if (x == 5) {
            ++*later;
            return x;
        }
        return std::nullopt;
    };
    EXPECT_EQ(pool.find_first(find, numbers(100), {.chunksize = 1}), 1);
}

TEST(FindFirst, DoesNotWaitForALaterItemThatTakesLonger) {
    Shared<Counter> started, released;
    mp::Pool pool{2};
    const auto find = [s = started.get(), r = released.get()](int x) -> std::optional<int> {
        if (x == 0) {
            await(*s);
            return x;
        }
        ++*s;
        await(*r);
        return x;
    };
    EXPECT_EQ(pool.find_first(find, numbers(2), {.chunksize = 1}), 0);
    ++*released;  // not before: item 1 runs until here
    EXPECT_EQ(pool.map([](int x) { return x; }, numbers(3)), numbers(3));
}

TEST(FindFirst, GivesNothingWhenThereIsNothing) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.find_first(mp::bind_back(if_large, 1000), numbers(100)), std::nullopt);
    EXPECT_EQ(pool.find_first(mp::bind_back(if_large, 0), std::vector<int>{}), std::nullopt);
}

TEST(FindFirst, CancelsTheRest) {
    Shared<Counter> calls;
    mp::Pool pool{1};
    const auto find = [count = calls.get()](int x) -> std::optional<int> {
        ++*count;
        return x == 10 ? std::optional(x) : std::nullopt;
    };
    EXPECT_EQ(pool.find_first(find, numbers(1'000'000), {.chunksize = 100}), 10);
    EXPECT_EQ(*calls, 11);
}

TEST(FindFirst, ThrowsTheErrorOfAnItemBeforeTheAnswer) {
    mp::Pool pool{2};
    const auto find = [](int x) -> std::optional<int> {
        if (x == 3) {
            throw std::out_of_range("three");
        }
        return x == 5 ? std::optional(x) : std::nullopt;
    };
    EXPECT_THROW(pool.find_first(find, numbers(10), {.chunksize = 1}), std::out_of_range);
}

TEST(FindFirst, DoesNotWaitForAnItemAfterAnError) {
    Shared<Counter> started, released;
    mp::Pool pool{2};
    const auto find = [s = started.get(), r = released.get()](int x) -> std::optional<int> {
        if (x == 0) {
            await(*s);
            throw std::out_of_range("zero");
        }
        ++*s;
        await(*r);
        return x;
    };
    EXPECT_THROW(pool.find_first(find, numbers(2), {.chunksize = 1}), std::out_of_range);
    ++*released;  // not before: item 1 runs until here
}

TEST(FindFirst, ForgetsTheErrorOfAnItemAfterTheAnswer) {
    Shared<Counter> failed;
    mp::Pool pool{2};
    const auto find = [gate = failed.get()](int x) -> std::optional<int> {
        if (x == 1) {
            ++*gate;
            throw std::out_of_range("one");
        }
        await(*gate);
        return x;
    };
    EXPECT_EQ(pool.find_first(find, numbers(2), {.chunksize = 1}), 0);
}

TEST(FindFirst, StillRunsWhatADeadWorkerLeftBehind) {
    Shared<Counter> found, deaths;
    mp::Pool pool{2};
    // The worker of items 0 to 3 dies at 0 after the other has found 4 and closed the search.
    const auto find = [gate = found.get(), dead = deaths.get()](int x) -> std::optional<int> {
        if (x == 0 && *dead == 0) {
            await(*gate);
            ++*dead;
            raise(SIGKILL);
        }
        if (x == 4) {
            ++*gate;
        }
        return x == 2 || x == 4 ? std::optional(x) : std::nullopt;
    };
    EXPECT_EQ(pool.find_first(find, numbers(8), {.chunksize = 4, .retries = 1}), 2);
}

TEST(FindAny, GivesASuccess) {
    mp::Pool pool{2};
    const auto hit = pool.find_any(mp::bind_back(if_large, 500), numbers(1000));
    ASSERT_TRUE(hit);
    EXPECT_GE(*hit, 500);
}

TEST(FindAny, GivesTheOneThatIsFoundFirst) {
    Shared<Counter> gate;
    mp::Pool pool{2};
    const auto find = [g = gate.get()](int x) -> std::optional<int> {
        if (x == 0) {
            await(*g);
        }
        if (x == 1) {
            ++*g;
        }
        return x;
    };
    // Item 0 ends only after item 1 has; its value may overtake, so only that one comes is sure.
    EXPECT_TRUE(pool.find_any(find, numbers(2), {.chunksize = 1}));
}

TEST(FindAny, DoesNotWaitForAnItemThatTakesLonger) {
    Shared<Counter> started, released;
    mp::Pool pool{2};
    const auto find = [s = started.get(), r = released.get()](int x) -> std::optional<int> {
        if (x == 1) {
            await(*s);
            return x;
        }
        ++*s;
        await(*r);
        return std::nullopt;
    };
    EXPECT_EQ(pool.find_any(find, numbers(2), {.chunksize = 1}), 1);
    ++*released;  // not before: item 0 runs until here
    EXPECT_EQ(pool.map([](int x) { return x; }, numbers(3)), numbers(3));
}

TEST(FindAny, LeavesItsLosersToTheirTimeout) {
    Shared<Counter> started;
    mp::Pool pool{2};
    const auto find = [s = started.get()](int x) -> std::optional<int> {
        if (x == 1) {
            await(*s);
            return x;
        }
        ++*s;
        for (;;) {
            sched_yield();
        }
    };
    EXPECT_EQ(pool.find_any(find, numbers(2),
                            {.chunksize = 1, .timeout = std::chrono::milliseconds(200)}),
              1);
    pool.for_each_worker([] {});  // the one that was killed is replaced
}

TEST(FindAny, CancelsTheRest) {
    Shared<Counter> calls;
    mp::Pool pool{1};
    const auto find = [count = calls.get()](int x) -> std::optional<int> {
        ++*count;
        return x == 10 ? std::optional(x) : std::nullopt;
    };
    EXPECT_EQ(pool.find_any(find, numbers(1'000'000), {.chunksize = 100}), 10);
    EXPECT_EQ(*calls, 11);
}

TEST(FindAny, ThrowsAnErrorOnlyIfNothingIsFound) {
    mp::Pool pool{1};
    const auto fail_at_0 = [](int x) -> std::optional<int> {
        if (x == 0) {
            throw std::out_of_range("zero");
        }
        return x == 5 ? std::optional(x) : std::nullopt;
    };
    EXPECT_EQ(pool.find_any(fail_at_0, numbers(10)), 5);
    EXPECT_THROW(pool.find_any(fail_at_0, numbers(3)), std::out_of_range);
}

TEST(Find, CarriesValuesOfEveryKind) {
    mp::Pool pool{2};
    const std::vector<std::string> words{"we", "map", "", "functions"};
    const auto last = [](const std::string& s) {
        return s.size() > 5 ? std::optional(s) : std::nullopt;
    };
    EXPECT_EQ(pool.find_first(last, words), "functions");
    const auto empty = [](const std::string& s) {
        return s.empty() ? std::optional(s) : std::nullopt;
    };
    EXPECT_EQ(pool.find_first(empty, words), "");

    using Block = std::array<std::int64_t, 1000>;
    const auto block = [](int x) {
        Block b;
        b.fill(x);
        return x == 2 ? std::optional(b) : std::nullopt;
    };
    EXPECT_EQ(pool.find_any(block, numbers(4)).value()[999], 2);
    const auto truth = [](int x) { return x == 2 ? std::optional(false) : std::nullopt; };
    EXPECT_EQ(pool.find_any(truth, numbers(4)), false);
}

TEST(Find, LeavesThePoolReadyForMore) {
    mp::Pool pool{2};
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(pool.find_first(mp::bind_back(if_large, i), numbers(1000)), i);
        ASSERT_EQ(pool.map([](int x) { return x; }, numbers(10)), numbers(10));
    }
}

pid_t searcher = 0;

/// Cannot be read where it was looked for.
struct Unwelcome {
    int value = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(value);
        if (::getpid() == searcher) {
            throw std::range_error("not here");
        }
    }
};

/// Then nothing is certain, but the worker has closed the search.
TEST(FindAny, EndsThoughWhatWasFoundCannotBeRead) {
    mp::Pool pool{1};
    searcher = ::getpid();
    EXPECT_THROW(static_cast<void>(pool.find_any([](int x) { return std::optional(Unwelcome{x}); },
                                                 numbers(100), {.chunksize = 1})),
                 std::range_error);
    searcher = 0;
}

TEST(FindFirst, ReadsARangeWithoutAnEndNoFartherThanItHasTo) {
    int read = 0;
    mp::Pool pool{2};
    feeds::Once numbers_for_ever(feeds::AsItIs{}, read);
    EXPECT_EQ(pool.find_first(mp::bind_back(if_large, 1'000), numbers_for_ever), 1'000);
    EXPECT_LE(read, 1'001 + 2 * 64);
    EXPECT_EQ(pool.find_first(mp::bind_back(if_large, 1'000), std::views::iota(0)), 1'000);
    EXPECT_EQ(pool.find_first(mp::bind_back(if_large, 10), std::views::iota(0, 2'000'000'000)), 10);
}

TEST(FindFirst, InARangeThatIsReadThrowsTheErrorOfAnItemBeforeTheFind) {
    mp::Pool pool{2};
    const auto find = [](int x) -> std::optional<int> {
        if (x == 3) {
            throw std::out_of_range("three");
        }
        return if_large(x, 5);
    };
    EXPECT_THROW(pool.find_first(find, std::views::iota(0)), std::out_of_range);
}

TEST(FindAny, ReadsARangeWithoutAnEndAndForgivesErrorsIfItFinds) {
    mp::Pool pool{2};
    const auto find = [](int x) -> std::optional<int> {
        if (x == 3) {
            throw std::out_of_range("three");
        }
        return if_large(x, 500);
    };
    EXPECT_GE(pool.find_any(find, std::views::iota(0)).value_or(0), 500);
    int read = 0;
    EXPECT_THROW(pool.find_any(find, feeds::Once(feeds::AsItIs{}, read, 100)), std::out_of_range);
    EXPECT_EQ(pool.find_any(mp::bind_back(if_large, 500), feeds::Once(feeds::AsItIs{}, read, 100)),
              std::nullopt);
}

}  // namespace
