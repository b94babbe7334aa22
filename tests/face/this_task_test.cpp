#include <csignal>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>
#include <procpool/this_task.hpp>

namespace mp = procpool;

namespace {

const std::vector<int> thousand(1000, 0);

std::uint64_t seed_of(int) { return mp::this_task::seed(); }

TEST(ThisTask, KnowsItsIndex) {
    mp::Pool pool{2};
    const auto indices = pool.map([](int) { return mp::this_task::index(); }, thousand);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        ASSERT_EQ(indices[i], i);
    }
}

TEST(ThisTask, KnowsHowOftenItIsTried) {
    mp::Pool pool(2);
    const auto die_twice = [](int) {
        if (mp::this_task::attempt() < 3) {
            std::raise(SIGKILL);
        }
        return mp::this_task::attempt();
    };
    EXPECT_EQ(pool.map(die_twice, {0, 1}, {.retries = 2}), (std::vector{3, 3}));
    EXPECT_EQ(pool.map([](int) { return mp::this_task::attempt(); }, {0, 1}, {.retries = 2}),
              (std::vector{1, 1}));
    mp::Pool here({.start = mp::Start::in_caller});
    EXPECT_EQ(here.apply([] { return mp::this_task::attempt(); }), 1);
    EXPECT_EQ(mp::this_task::attempt(), 0);
}

TEST(ThisTask, HasASeedOfItsOwn) {
    mp::Pool pool{2};
    const auto seeds = pool.map(seed_of, thousand);
    EXPECT_EQ(std::set(seeds.begin(), seeds.end()).size(), seeds.size());
}

TEST(ThisTask, HasTheSameSeedHoweverTheWorkIsDivided) {
    mp::Pool one{1}, two{2};
    const auto expected = one.map(seed_of, thousand);
    EXPECT_EQ(one.map(seed_of, thousand), expected);
    EXPECT_EQ(two.map(seed_of, thousand, {.chunksize = 1}), expected);
    EXPECT_EQ(two.map(seed_of, thousand, {.chunksize = 333}), expected);
}

TEST(ThisTask, HasAnotherSeedForAnotherBase) {
    mp::Pool pool{1};
    std::set<std::uint64_t> seeds;
    for (std::uint64_t base = 0; base < 10; ++base) {
        for (const auto seed :
             pool.map([base](int) { return mp::this_task::seed(base); }, thousand)) {
            seeds.insert(seed);
        }
    }
    EXPECT_EQ(seeds.size(), 10'000u);
}

TEST(ThisTask, OutsideAWorkerIsTheFirstOfNothing) {
    EXPECT_EQ(mp::this_task::index(), 0u);
    EXPECT_EQ(mp::this_worker::id(), -1);
}

TEST(ThisWorker, HasANumber) {
    mp::Pool pool{3};
    for (const int id : pool.map([](int) { return mp::this_worker::id(); }, thousand)) {
        EXPECT_TRUE(0 <= id && id < 3) << id;
    }
}

}  // namespace
