// An Outcome tells which item it is of, how often it was tried and how long it ran.

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::numbers;

namespace {

void nap() { ::usleep(20'000); }
int nap_for(int x) { return nap(), x; }

class Account : public testing::Test {
protected:
    support::Shared<std::atomic<int>> tries;  // before the pool, so that its workers have it
    mp::Pool pool{2};
};

TEST_F(Account, TellsTheItem) {
    const auto outcomes = pool.try_map(nap_for, numbers(5));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(outcomes[i].index(), i);
    }
}

TEST_F(Account, TellsTheItemWhateverTheOrder) {
    for (const auto& outcome : pool.try_imap_unordered([](int x) { return x; }, numbers(100))) {
        EXPECT_EQ(outcome.index(), static_cast<std::size_t>(*outcome));
    }
}

TEST_F(Account, TellsHowLongItRan) {
    for (const auto& outcome : pool.try_map(nap_for, numbers(3))) {
        EXPECT_GE(outcome.duration(), 20ms);
        EXPECT_LT(outcome.duration(), support::patience);
    }
    EXPECT_GE(pool.try_apply(nap).duration(), 20ms);
    EXPECT_GE(pool.submit(nap_for, 1).outcome().duration(), 20ms);
    EXPECT_GE(pool.try_imap(nap_for, numbers(1)).next()->duration(), 20ms);
    EXPECT_TRUE(support::eventually([&] { return pool.try_apply([] {}).duration() < 20ms; }));
}

TEST_F(Account, TellsItOfWhatThrew) {
    const auto outcome = pool.try_apply([]() -> int {
        nap();
        throw std::domain_error("x");
    });
    EXPECT_GE(outcome.duration(), 20ms);
    EXPECT_EQ(outcome.attempts(), 1);
}

TEST_F(Account, TellsItOfWhatDied) {
    const auto outcome = pool.try_apply([] { nap(), std::raise(SIGKILL); });
    EXPECT_GE(outcome.duration(), 20ms);
    EXPECT_EQ(outcome.attempts(), 1);
    const auto late = pool.try_apply({.timeout = 50ms}, [] { ::sleep(60); });
    EXPECT_GE(late.duration(), 50ms);
    EXPECT_LT(late.duration(), support::patience);
    EXPECT_EQ(late.attempts(), 1);
}

TEST_F(Account, CountsTheTries) {
    const auto third_time = [t = tries.get()](int x) {
        if (x == 1 && ++*t < 3) {
            std::raise(SIGKILL);
        }
        return x;
    };
    const auto outcomes = pool.try_map(third_time, numbers(3), {.retries = 5});
    EXPECT_EQ(outcomes[0].attempts(), 1);
    EXPECT_EQ(outcomes[1].attempts(), 3);
    EXPECT_EQ(outcomes[2].attempts(), 1);
    EXPECT_EQ(pool.try_apply({.retries = 2}, [] { std::raise(SIGKILL); }).attempts(), 3);
}

TEST_F(Account, SaysThatWhatWasCancelledNeverRan) {
    const auto outcomes = pool.try_map([](int x) { return x == 0 ? throw 1 : nap_for(x); },
                                       numbers(100), {.chunksize = 1, .fail_fast = true});
    EXPECT_EQ(outcomes[0].attempts(), 1);
    EXPECT_EQ(outcomes[99].attempts(), 0);
    EXPECT_EQ(outcomes[99].duration(), 0ns);
    EXPECT_EQ(outcomes[99].index(), 99U);
}

TEST_F(Account, ComesWithResultsOfAnyKind) {
    const auto texts = pool.try_map([](int x) { return std::string(10'000, static_cast<char>(x)); },
                                    numbers(20, 50));
    for (const auto& text : texts) {
        EXPECT_EQ(text->size(), 10'000U);
        EXPECT_EQ(text.attempts(), 1);
    }
    EXPECT_EQ(**pool.try_apply([] { return std::make_unique<int>(3); }), 3);
    const auto large = pool.try_apply([] { return std::vector<char>(8 << 20U, 'x'); });
    EXPECT_EQ(large->size(), std::size_t{8} << 20U);
    EXPECT_EQ(large.attempts(), 1);
    const auto nothing = pool.submit([] { nap(); }).outcome();
    EXPECT_TRUE(nothing.has_value());
    EXPECT_GE(nothing.duration(), 20ms);
}

TEST_F(Account, OfAWholeMapNamesTheItemThatFailed) {
    auto map = pool.map_async([](int x) { return x == 2 ? throw 1 : x; }, numbers(4));
    EXPECT_EQ(map.outcome().index(), 2U);
}

TEST(AccountInTheCaller, IsTheSame) {
    mp::Pool pool({.start = mp::Start::in_caller});
    const auto outcome = pool.try_apply(nap_for, 3);
    EXPECT_GE(outcome.duration(), 20ms);
    EXPECT_EQ(outcome.attempts(), 1);
    const auto failed = pool.try_apply([] {
        nap();
        throw 1;
    });
    EXPECT_GE(failed.duration(), 20ms);
    EXPECT_EQ(failed.attempts(), 1);
}

}  // namespace
