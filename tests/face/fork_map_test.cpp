#include <chrono>
#include <csignal>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/errors.hpp>
#include <procpool/fork_map.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::listed;
using namespace std::chrono_literals;

namespace {

TEST(ForkMap, TakesLambdasThatCaptureByReference) {
    const std::string prefix = "a prefix that is on the heap ";
    const std::vector<int> data{1, 2, 3};
    const auto results =
        mp::fork_map([&](int x) { return prefix + std::to_string(x); }, data, {.processes = 2});
    EXPECT_EQ(results, listed(prefix + "1", prefix + "2", prefix + "3"));
}

TEST(ForkMap, TakesCallablesThatOwnMemory) {
    const std::vector<double> weights(1000, 0.5);
    const auto scale = [weights](std::size_t i) { return weights[i] * 2; };
    EXPECT_EQ(mp::fork_map(scale, std::vector<std::size_t>{0, 999}), listed(1.0, 1.0));

    const std::function<int(int)> function = [&](int x) {
        return x + static_cast<int>(weights.size());
    };
    EXPECT_EQ(mp::fork_map(function, std::vector<int>{1}), listed(1001));
}

TEST(ForkMap, TakesItemsThatCannotTravel) {
    std::vector<std::unique_ptr<int>> items;
    for (int i = 0; i < 5; ++i) {
        items.push_back(std::make_unique<int>(i));
    }
    EXPECT_EQ(mp::fork_map([](const std::unique_ptr<int>& p) { return *p; }, items),
              listed(0, 1, 2, 3, 4));
    const std::vector<const char*> names{"a", "b"};
    EXPECT_EQ(mp::fork_map([](const char* s) { return std::string(s); }, names), listed("a", "b"));
}

TEST(ForkMap, TakesRangesOfEveryKind) {
    const auto twice = [](int x) { return 2 * x; };
    EXPECT_EQ(mp::fork_map(twice, std::list<int>{1, 2}), listed(2, 4));
    EXPECT_EQ(mp::fork_map(twice, std::views::iota(1, 3)), listed(2, 4));
    std::istringstream stream("1 2");
    EXPECT_EQ(mp::fork_map(twice, std::views::istream<int>(stream)), listed(2, 4));
    const std::vector<bool> bits{true, false};
    EXPECT_EQ(mp::fork_map([](bool b) { return !b; }, bits), listed(false, true));
    const std::map<std::string, int> map{{"a", 1}};
    EXPECT_EQ(mp::fork_map([](const auto& entry) { return entry.second; }, map), listed(1));
}

TEST(ForkMap, PassesItemsAsTheRangeDoes) {
    std::vector<int> data{1, 2};
    const auto change = [](auto& x) { return x += 10; };
    EXPECT_EQ(mp::fork_map(change, data), listed(11, 12));
    EXPECT_EQ(data, listed(1, 2));  // the workers changed their copies
}

TEST(ForkMap, OfAnEmptyRangeIsEmpty) {
    EXPECT_TRUE(mp::fork_map([](int x) { return x; }, std::vector<int>{}).empty());
}

TEST(ForkMap, OfAFunctionWithoutResultReturnsNothing) {
    static_assert(std::is_void_v<decltype(mp::fork_map([](int) {}, std::vector<int>{1}))>);
    EXPECT_NO_THROW(mp::fork_map([](int) {}, std::vector<int>{1, 2, 3}));
}

TEST(ForkMap, ThrowsTheErrorOfTheLowestIndex) {
    const std::vector<int> data{0, 1, 2, 3};
    const auto fail = [&](int x) {
        if (x == 3) {
            throw std::domain_error("three");
        }
        if (x == 1) {
            throw std::out_of_range("one");
        }
        return data[static_cast<std::size_t>(x)];
    };
    EXPECT_THROW(mp::fork_map(fail, data, {.processes = 2, .chunksize = 1}), std::out_of_range);
}

TEST(ForkMap, SurvivesTasksThatDieAndTasksThatHang) {
    const std::vector<int> data{0, 1};
    EXPECT_THROW(mp::fork_map([&](int x) { return x == 1 ? raise(SIGKILL) : data[0]; }, data),
                 mp::WorkerDied);
    const auto spin = [&](int x) {
        for (volatile bool forever = x == 1; forever;) {
        }
        return data[0];
    };
    EXPECT_THROW(mp::fork_map(spin, data, {.timeout = 30ms}), mp::TaskTimeout);
}

TEST(ForkMap, StartsNoMoreWorkersThanItems) {
    const auto pids =
        mp::fork_map([](int) { return getpid(); }, std::vector<int>{1}, {.processes = 64});
    EXPECT_NE(pids[0], getpid());
}

TEST(ForkMap, RefusesOptionsOutOfRange) {
    const std::vector<int> data{1};
    const auto id = [](int x) { return x; };
    EXPECT_THROW(mp::fork_map(id, data, {.processes = -1}), std::invalid_argument);
    EXPECT_THROW(mp::fork_map(id, data, {.timeout = -1s}), std::invalid_argument);
    EXPECT_THROW(mp::fork_map(id, data, {.retries = -1}), std::invalid_argument);
}

TEST(ForkMap, Nests) {
    const std::vector<int> data{1, 2};
    const auto inner = [&](int x) {
        const auto parts = mp::fork_map([&](int y) { return x * y; }, data, {.processes = 1});
        return std::accumulate(parts.begin(), parts.end(), 0);
    };
    EXPECT_EQ(mp::fork_map(inner, data, {.processes = 2}), listed(3, 6));
}

}  // namespace
