// What befalls an item of a stream, or its range, is told in its place.

#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "face/feeds.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using feeds::Once;
using support::numbers;

namespace {

/// 3 throws, 5 kills its worker.
int fragile(int x) {
    if (x == 3) {
        throw std::out_of_range("three");
    }
    if (x == 5) {
        std::raise(SIGKILL);
    }
    return x;
}

/// What each step over the stream comes to, as text.
template <class Stream>
std::vector<std::string> told(Stream&& stream) {
    std::vector<std::string> all;
    for (auto at = stream.begin(); at != stream.end(); ++at) {
        try {
            all.push_back(std::to_string(*at));
        } catch (const mp::WorkerDied& died) {
            all.push_back("died " + std::to_string(died.index()));
        } catch (const mp::TaskTimeout& late) {
            all.push_back("late " + std::to_string(late.index()));
        } catch (const mp::TaskCancelled&) {
            all.emplace_back("cancelled");
        } catch (const mp::PoolClosed&) {
            all.emplace_back("closed");
        } catch (const mp::PoolTerminated&) {
            all.emplace_back("terminated");
        } catch (const std::exception& error) {
            all.emplace_back(error.what());
        }
    }
    return all;
}

using Texts = std::vector<std::string>;

class StreamErrors : public testing::Test {
protected:
    support::Shared<std::atomic<int>> tries;  // before the pool, so that its workers have it
    mp::Pool pool{2};
};

TEST_F(StreamErrors, CostOneElementAndComeInItsPlace) {
    EXPECT_EQ(told(pool.imap(fragile, numbers(8))),
              (Texts{"0", "1", "2", "three", "4", "died 5", "6", "7"}));
}

TEST_F(StreamErrors, CostOneElementInAnyOrder) {
    auto all = told(pool.imap_unordered(fragile, numbers(8)));
    std::ranges::sort(all);
    EXPECT_EQ(all, (Texts{"0", "1", "2", "4", "6", "7", "died 5", "three"}));
}

TEST_F(StreamErrors, AreThrownEachTimeTheElementIsRead) {
    auto stream = pool.imap(fragile, numbers(5, 3));
    auto at = stream.begin();
    EXPECT_THROW(static_cast<void>(*at), std::out_of_range);
    EXPECT_THROW(static_cast<void>(*at), mp::TaskFailure);
    ++at;
    EXPECT_EQ(*at, 4);
}

TEST_F(StreamErrors, AreThrownOnceByNext) {
    auto stream = pool.imap(fragile, numbers(2, 3));
    EXPECT_THROW(static_cast<void>(stream.next()), std::out_of_range);
    EXPECT_EQ(stream.next(), 4);
    EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(StreamErrors, AreOutcomesOfTheTryingKind) {
    std::vector<bool> have;
    for (const mp::Outcome<int>& outcome : pool.try_imap(fragile, numbers(6))) {
        have.push_back(outcome.has_value());
        if (!outcome) {
            EXPECT_EQ(outcome.error().index(), have.size() - 1);
        }
    }
    EXPECT_EQ(have, (std::vector{true, true, true, false, true, false}));
}

TEST_F(StreamErrors, OfARangeComeBehindItsItemsAndThenTheEnd) {
    int read = 0;
    const auto broken = [](int i) { return i == 6 ? throw std::domain_error("no more") : i; };
    for (const std::size_t buffer : {1U, 4U, 100U}) {
        EXPECT_EQ(told(pool.imap(fragile, Once(broken, read), {.buffer = buffer})),
                  (Texts{"0", "1", "2", "three", "4", "died 5", "no more"}));
    }
}

TEST_F(StreamErrors, OfARangeAreThrownByTheTryingKindToo) {
    int read = 0;
    const auto broken = [](int i) { return i == 1 ? throw 7 : i; };
    auto stream = pool.try_imap_unordered(fragile, Once(broken, read));
    EXPECT_TRUE(stream.next()->has_value());
    EXPECT_THROW(static_cast<void>(stream.next()), int) << "as it was thrown";
    EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(StreamErrors, OfARangeThatCannotBeginAreInTheFirstPlace) {
    int read = 0;
    const auto broken = [](int i) { return i == 0 ? throw std::domain_error("nothing") : i; };
    EXPECT_EQ(told(pool.imap(fragile, Once(broken, read))), Texts{"nothing"});
}

TEST_F(StreamErrors, CanBeTriedAgain) {
    auto stream = pool.imap(
        [t = tries.get()](int i) {
            if (i == 1 && ++*t < 3) {
                std::raise(SIGKILL);
            }
            return i;
        },
        numbers(3), {.retries = 2});
    EXPECT_EQ(told(stream), (Texts{"0", "1", "2"}));
    EXPECT_EQ(*tries, 3);
}

TEST_F(StreamErrors, OfItemsThatTakeTooLong) {
    const auto one_hangs = [](int i) {
        if (i == 2) {
            support::await([] { return false; }, "nothing");
        }
        return i;
    };
    EXPECT_EQ(told(pool.imap(one_hangs, numbers(5), {.timeout = 1s})),
              (Texts{"0", "1", "late 2", "3", "4"}));
}

TEST_F(StreamErrors, EndAStreamThatIsToFailFast) {
    int read = 0;
    const auto all =
        told(pool.imap(fragile, Once(feeds::AsItIs{}, read), {.buffer = 4, .fail_fast = true}));
    ASSERT_GE(all.size(), 4U);
    EXPECT_EQ(all[3], "three");
    EXPECT_LE(all.size(), 3U + 4U + 1U) << "the range has no end";
    EXPECT_LE(read, 3 + 4 + 1) << "nor is it read on";
}

TEST_F(StreamErrors, EndAStreamThatIsStopped) {
    std::stop_source source;
    int read = 0;
    auto stream = pool.imap([](int x) { return x; }, Once(feeds::AsItIs{}, read),
                            {.stop = source.get_token()});
    EXPECT_EQ(stream.next(), 0);
    source.request_stop();
    const auto all = told(stream);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back(), "cancelled") << "it does not seem to be complete";
    EXPECT_LE(all.size(), 9U) << "what was read ahead, and the end";
}

TEST_F(StreamErrors, OfAnItemThatRunsWhenItIsStopped) {
    std::stop_source source;
    auto stream = pool.imap(
        [t = tries.get()](int x) {
            ++*t;
            support::await([] { return false; }, "nothing");
            return x;
        },
        numbers(100), {.stop = source.get_token()});
    support::await(*tries);
    source.request_stop();
    const auto all = told(stream);
    EXPECT_TRUE(std::ranges::all_of(all, [](const auto& text) { return text == "cancelled"; }));
    EXPECT_LE(all.size(), 9U);
}

TEST_F(StreamErrors, OfThePoolEndAStreamToo) {
    int read = 0;
    auto stream = pool.imap([](int x) { return x; }, Once(feeds::AsItIs{}, read));
    EXPECT_EQ(stream.next(), 0);
    pool.terminate();
    const auto all = told(stream);
    EXPECT_EQ(all.back(), "terminated");
    EXPECT_LE(all.size(), 9U) << "what was read ahead, and the end";
    EXPECT_THROW(static_cast<void>(pool.imap(fragile, numbers(1))), mp::PoolTerminated);
}

TEST_F(StreamErrors, SayOnceThatThePoolWasJoined) {
    int read = 0;
    auto stream = pool.imap([](int x) { return x; }, Once(feeds::AsItIs{}, read), {.buffer = 4});
    pool.close();
    EXPECT_EQ(stream.next(), 0) << "close() lets a stream go on";
    pool.join();
    auto all = told(stream);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back(), "closed");
    all.pop_back();
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i], std::to_string(i + 1)) << "join() finishes what was under way";
    }
    EXPECT_GE(all.size(), 3U);
}

}  // namespace
