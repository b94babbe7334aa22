// procpool_test: LABELS tsan
// Callbacks: each once, all on one thread, harmless whatever they do.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::eventually;
using support::numbers;

namespace {

int square(int x) { return x * x; }

class Then : public testing::Test {
protected:
    support::Shared<std::atomic<bool>> go;  // before the pool, so that its workers have it
    mp::Pool pool{2};
    std::atomic<int> called{0};

    auto when_it_goes() {
        return pool.submit([go = go.get()] {
            support::await([&] { return go->load(); }, "go");
            return 7;
        });
    }
};

TEST_F(Then, IsCalledWithTheValue) {
    std::atomic<int> got{0};
    pool.submit(square, 3).then([&](mp::Outcome<int> outcome) { got = outcome.value(); });
    EXPECT_TRUE(eventually([&] { return got == 9; }));
}

TEST_F(Then, IsCalledWithTheError) {
    std::atomic<bool> got{false};
    pool.submit([]() -> int { throw std::out_of_range("x"); })
        .then([&](const mp::Outcome<int>& outcome) {
            EXPECT_THROW(outcome.rethrow(), std::out_of_range);
            got = true;
        });
    EXPECT_TRUE(eventually([&] { return got.load(); }));
}

TEST_F(Then, TakesWhatOnlyMoves) {
    std::atomic<int> got{0};
    auto mine = std::make_unique<int>(1);
    pool.submit([] { return std::make_unique<int>(4); })
        .then([&, mine = std::move(mine)](mp::Outcome<std::unique_ptr<int>> outcome) {
            got = **outcome + *mine;
        });
    EXPECT_TRUE(eventually([&] { return got == 5; }));
}

TEST_F(Then, IsCalledOnceForEachOfManyOnOneThread) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::vector<int> got;
    for (int i = 0; i < 500; ++i) {
        pool.submit(square, i).then([&](mp::Outcome<int> outcome) {
            const std::scoped_lock lock(mutex);
            threads.insert(std::this_thread::get_id());
            got.push_back(*outcome);
            ++called;
        });
    }
    ASSERT_TRUE(eventually([&] { return called == 500; }));
    const std::scoped_lock lock(mutex);
    std::ranges::sort(got);
    EXPECT_EQ(got, support::squares(500));
    EXPECT_EQ(threads.size(), 1U);
    EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_F(Then, IsCalledForMapsAndForEmptyOnes) {
    pool.map_async(square, numbers(5)).then([&](mp::Outcome<std::vector<int>> all) {
        called += static_cast<int>(all->size());
    });
    pool.map_async([](int) {}, numbers(0)).then([&](mp::Outcome<void> all) {
        called += all ? 1 : 0;
    });
    EXPECT_TRUE(eventually([&] { return called == 6; }));
}

TEST_F(Then, IsCalledWhateverBecomesOfThePool) {
    when_it_goes().then([&](const mp::Outcome<int>& outcome) {
        EXPECT_THROW(outcome.rethrow(), mp::PoolTerminated);
        ++called;
    });
    pool.terminate();
    EXPECT_TRUE(eventually([&] { return called == 1; }));
}

TEST_F(Then, IsCalledWhenTheForkServerDies) {
    when_it_goes().then([&](const mp::Outcome<int>& outcome) {
        EXPECT_THROW(outcome.rethrow(), mp::PoolBroken);
        ++called;
    });
    // With threads about, the fork server is nobody's child.
    const auto worker = support::look_up(pool.worker_pids().at(0));
    ASSERT_TRUE(worker);
    ::kill(worker->parent, SIGKILL);
    EXPECT_TRUE(eventually([&] { return called == 1; }));
}

TEST_F(Then, TakesTheResultButLeavesTheWait) {
    auto result = when_it_goes();
    result.then([&](const mp::Outcome<int>&) { ++called; });
    EXPECT_FALSE(result.ready());
    EXPECT_THROW(result.then([](const mp::Outcome<int>&) {}), std::logic_error);
    EXPECT_THROW(static_cast<void>(result.outcome()), std::logic_error);
    *go = true;
    result.wait();
    EXPECT_TRUE(result.successful());
    EXPECT_THROW(result.get(), std::logic_error);
    EXPECT_TRUE(eventually([&] { return called == 1; }));
}

TEST_F(Then, MayBeAskedForWhatIsThereAlready) {
    auto result = pool.submit(square, 2);
    result.wait();
    result.then([&](const mp::Outcome<int>&) { ++called; });
    EXPECT_TRUE(eventually([&] { return called == 1; }));
}

TEST_F(Then, ThatThrowsIsReportedAndHarmsNothing) {
    testing::internal::CaptureStderr();
    pool.submit(square, 2).then([&](const mp::Outcome<int>&) {
        ++called;
        throw std::domain_error("not my day");
    });
    pool.submit(square, 2).then([&](const mp::Outcome<int>&) {
        ++called;
        throw 7;
    });
    EXPECT_TRUE(eventually([&] { return called == 2; }));
    pool.submit(square, 2).then([&](const mp::Outcome<int>&) { ++called; });
    EXPECT_TRUE(eventually([&] { return called == 3; }));
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("std::domain_error: not my day"), std::string::npos) << said;
    EXPECT_NE(said.find("threw int"), std::string::npos) << said;
}

TEST_F(Then, MayCallThePoolAndAskForMore) {
    pool.submit(square, 2).then([&](mp::Outcome<int> four) {
        EXPECT_EQ(pool.apply(square, *four), 16);
        pool.submit(square, 3).then([&](const mp::Outcome<int>&) { ++called; });
    });
    EXPECT_TRUE(eventually([&] { return called == 1; }));
}

TEST_F(Then, KeepsNoWorkerOfAPoolThatIsGone) {
    {
        mp::Pool brief{1};
        brief.submit(square, 2).then([&](const mp::Outcome<int>&) { ++called; });
    }
    EXPECT_TRUE(eventually([&] { return called == 1; }));
}

TEST_F(Then, IsCalledInATaskToo) {
    if (sanitized) {
        GTEST_SKIP() << "ThreadSanitizer allows no thread in a child of a process that has some";
    }
    const auto call_in_task = [] {
        mp::Pool inner{1};
        std::atomic<int> got{0};
        inner.submit(square, 5).then([&](mp::Outcome<int> outcome) { got = *outcome; });
        support::await([&] { return got != 0; }, "the callback");
        return got.load();
    };
    pool.submit(square, 1).then([&](const mp::Outcome<int>&) { ++called; });
    EXPECT_TRUE(eventually([&] { return called == 1; })) << "there is a thread here";
    EXPECT_EQ(pool.apply(call_in_task), 25);
}

/// A forked child leaves what it inherited where it is, which looks like leaks at its exit.
bool exits_are_clean() { return !sanitized; }

TEST(ThenAtTheEnd, IsCalledIfTheResultIsThere) {
    if (!exits_are_clean()) {
        GTEST_SKIP() << "under a sanitizer";
    }
    support::Shared<std::atomic<int>> called;
    const int status = support::status_of_child([&]() -> bool {
        mp::Pool pool{1};
        for (int i = 0; i < 20; ++i) {
            pool.submit(square, i).then([&](const mp::Outcome<int>&) { ++*called; });
        }
        pool.close();
        pool.join();
        std::exit(3);
    });
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_EQ(*called, 20);
}

TEST(ThenAtTheEnd, MayBeWhatEndsTheProgram) {
    if (!exits_are_clean()) {
        GTEST_SKIP() << "under a sanitizer";
    }
    const int status = support::status_of_child([]() -> bool {
        mp::Pool pool{1};
        pool.submit(square, 2).then([](const mp::Outcome<int>&) { std::exit(4); });
        support::wait_for_ever();
    });
    EXPECT_EQ(WEXITSTATUS(status), 4);
}

}  // namespace
