// Workers that die again and again before the same item, which none of them has begun: they are not
// forked for ever (docs/protocol.md, part 5).

#include <csignal>
#include <cstdint>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "collected.hpp"
#include "engine/shared/steps.hpp"
#include "pool_map.hpp"

namespace engine_test {
namespace {

using procpool::detail::Failure;
using procpool::engine::Step;

constexpr std::uint64_t cursed = 10;
std::unique_ptr<PoolMap> map;

std::uint64_t square(std::uint64_t item) { return item * item; }

void die_before_it(Step step, int worker) {
    const procpool::engine::Claim claim = map->slot(worker).claim();
    if (step == Step::frame_opened && claim.first_item() == cursed) {
        ::kill(::getpid(), SIGKILL);
    }
}

TEST(NeverBegins, CostsThatItemInTheEnd) {
    map = std::make_unique<PoolMap>(2);
    procpool::engine::step_hook = &die_before_it;
    procpool::detail::Engine pool({.processes = 2});
    ASSERT_TRUE(map->is_right());
    std::vector<std::uint64_t> items(20);
    for (std::uint64_t i = 0; i < items.size(); ++i) {
        items[i] = i;
    }
    const auto results = collect<std::uint64_t>(pool, &square, items, {.chunksize = 1});
    procpool::engine::step_hook = nullptr;
    ASSERT_TRUE(results->resolved) << "workers were forked without end";
    for (std::uint64_t i = 0; i < items.size(); ++i) {
        if (i == cursed) {
            ASSERT_TRUE(results->items[i].failure);
            EXPECT_EQ(results->items[i].failure->kind, Failure::Kind::died);
        } else {
            EXPECT_EQ(results->items[i].value, i * i);
        }
    }
}

}  // namespace
}  // namespace engine_test
