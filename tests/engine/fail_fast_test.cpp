// The first failure of a job with fail_fast closes it, whoever finds out first: the worker of an
// item that throws, the fork server for one that dies or is overdue, and the client when it hears
// of it.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>

#include "collected.hpp"
#include "engine/shared/words.hpp"
#include "pool_map.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

using procpool::detail::Failure;
using namespace std::chrono_literals;

enum class Fate { throws, dies, is_overdue };

constexpr std::uint64_t unlucky = 5;
constexpr std::uint64_t many = 100'000;

std::uint64_t fail(std::uint64_t item, Fate fate) {
    if (item == unlucky) {
        switch (fate) {
            case Fate::throws:
                throw std::runtime_error("unlucky");
            case Fate::dies:
                ::kill(::getpid(), SIGKILL);
                break;
            case Fate::is_overdue:
                support::wait_for_ever();
        }
    }
    ::usleep(200);
    return item;
}

class FailFast : public testing::TestWithParam<Fate> {
protected:
    FailFast() : map(2), engine({.processes = 2}) {
        items.resize(many);
        for (std::uint64_t i = 0; i < many; ++i) {
            items[i] = i;
        }
    }
    [[nodiscard]] Started<std::uint64_t> start_it() {
        procpool::MapOptions how{.chunksize = 1, .fail_fast = true};
        if (GetParam() == Fate::is_overdue) {
            how.timeout = 300ms;  // long enough for the others on a busy machine
        }
        return engine_test::start<std::uint64_t>(engine, procpool::bind_back(&fail, GetParam()),
                                                 items, how);
    }
    [[nodiscard]] procpool::engine::ClaimWord claim_word() const {
        return {map.job_words(0).claim.load()};
    }
    static void expect_cut_short(const Collected<std::uint64_t>& results) {
        ASSERT_TRUE(results.resolved);
        std::uint64_t cancelled = 0;
        for (const auto& item : results.items) {
            EXPECT_EQ(item.deliveries, 1);
            cancelled += item.failure && item.failure->kind == Failure::Kind::cancelled ? 1 : 0;
        }
        ASSERT_TRUE(results.items[unlucky].failure);
        EXPECT_NE(results.items[unlucky].failure->kind, Failure::Kind::cancelled);
        EXPECT_GT(cancelled, many / 2);
    }

    PoolMap map;
    procpool::detail::Engine engine;
    std::vector<std::uint64_t> items;
};

TEST_P(FailFast, ClosesTheJobThoughTheClientDoesNotLook) {
    ASSERT_TRUE(map.is_right());
    const auto started = start_it();
    EXPECT_TRUE(support::eventually(
        [&] { return claim_word().taker() == procpool::engine::taker::closed; }, 10s));
    EXPECT_LT(claim_word().next(), many / 2);
    expect_cut_short(*engine_test::finish(engine, started));
}

TEST_P(FailFast, ResolvesForACallerThatOnlyPolls) {
    const auto started = start_it();
    started.sink->resolved = support::eventually([&] { return engine.resolved(started.job); }, 20s);
    expect_cut_short(*started.sink);
}

/// What others have claimed, and not started, is not started any more.
TEST_P(FailFast, SkipsWhatIsClaimed) {
    procpool::MapOptions how{.chunksize = many / 2, .fail_fast = true};
    if (GetParam() == Fate::is_overdue) {
        how.timeout = 300ms;  // long enough for the others on a busy machine
    }
    expect_cut_short(
        *collect<std::uint64_t>(engine, procpool::bind_back(&fail, GetParam()), items, how));
}

INSTANTIATE_TEST_SUITE_P(Engine, FailFast,
                         testing::Values(Fate::throws, Fate::dies, Fate::is_overdue));

}  // namespace
}  // namespace engine_test
