// How the library's own errors begin: with its name, or with the item that they are about.

#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using support::starts_with;
using namespace std::chrono_literals;

namespace {

constexpr auto id = [](int x) { return x; };
const std::vector<int> items{1, 2, 3};

std::string message_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no error";
}

struct Mistake {
    const char* name;
    std::function<void(mp::Pool&)> make;
};

class OfTheLibrary : public testing::TestWithParam<Mistake> {};

TEST_P(OfTheLibrary, BeginsWithItsName) {
    mp::Pool pool{1};
    const std::string message = message_of([&] { GetParam().make(pool); });
    EXPECT_TRUE(starts_with(message, "procpool: "));
    EXPECT_FALSE(contains(message.substr(10), "procpool: ")) << "once is enough";
}

INSTANTIATE_TEST_SUITE_P(
    Messages, OfTheLibrary,
    testing::Values(
        Mistake{"Processes", [](mp::Pool&) { mp::Pool{-1}; }},
        Mistake{"Chunksize", [](mp::Pool& pool) { pool.map(id, items, {.chunksize = ~0UL}); }},
        Mistake{"Timeout", [](mp::Pool& pool) { pool.map(id, items, {.timeout = -1s}); }},
        Mistake{"Retries", [](mp::Pool& pool) { pool.map(id, items, {.retries = -1}); }},
        Mistake{"Join", [](mp::Pool& pool) { pool.join(); }},
        Mistake{"Closed",
                [](mp::Pool& pool) {
                    pool.close();
                    pool.map(id, items);
                }},
        Mistake{"Terminated",
                [](mp::Pool& pool) {
                    pool.terminate();
                    pool.map(id, items);
                }},
        Mistake{"MovedFrom",
                [](mp::Pool& pool) {
                    const mp::Pool other = std::move(pool);
                    pool.map(id, items);
                }},
        Mistake{"Reference",
                [](mp::Pool& pool) {
                    int local = 0;
                    pool.map([&local](int x) { return x + local; }, items);
                }},
        Mistake{"Initializer",
                [](mp::Pool&) {
                    mp::Pool failing{{.processes = 1, .initializer = [] { throw 1; }}};
                    failing.map(id, items);
                }},
        Mistake{"OwnInput",
                [](mp::Pool& pool) {
                    mp::shared_vector<int> both(3);
                    pool.map_into(id, both, both);
                }},
        Mistake{"WaitBound",
                [](mp::Pool& pool) {
                    auto later = pool.submit([] { ::pause(); });
                    later.get(1ms);
                }},
        Mistake{"OutcomeWithAValue",
                [](mp::Pool& pool) { static_cast<void>(pool.try_map(id, items).at(0).error()); }}),
    [](const auto& each) { return each.param.name; });

TEST(Messages, AboutAnItemBeginWithTheItem) {
    mp::Pool pool{1};
    EXPECT_TRUE(
        starts_with(message_of([&] { pool.apply([] { std::raise(SIGKILL); }); }), "item 0: "));
    EXPECT_TRUE(starts_with(message_of([&] { pool.apply([] { throw 1; }); }), "item 0: "));
    EXPECT_TRUE(starts_with(
        message_of([&] { pool.apply(mp::TaskOptions{.timeout = 1ms}, [] { ::pause(); }); }),
        "item 0: "));
}

TEST(Messages, SayHowOftenAnItemWasTried) {
    mp::Pool pool{1};
    const auto outcomes = pool.try_map(
        [](int) {
            std::raise(SIGKILL);
            return 0;
        },
        items, {.retries = 2});
    EXPECT_TRUE(contains(outcomes.at(0).error().message(), "in the last of 3 tries"));
    EXPECT_EQ(outcomes.at(0).error().message().find("retries"), std::string::npos);
}

TEST(Messages, ShowATimeInItsOwnUnit) {
    mp::Pool pool{1};
    EXPECT_TRUE(contains(message_of([&] { pool.map(id, items, {.timeout = -1s}); }),
                         "timeout is -1 s, not"));
    EXPECT_TRUE(contains(message_of([&] { pool.map(id, items, {.timeout = -1500us}); }),
                         "timeout is -1.5 ms, not"));
}

}  // namespace
