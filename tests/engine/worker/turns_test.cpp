#include "engine/worker/turns.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "../pool_pages.hpp"

namespace procpool::engine {
namespace {

class TurnsTest : public testing::Test {
protected:
    void activate(std::initializer_list<std::size_t> jobs) {
        for (const std::size_t job : jobs) {
            pages.layout().pool().active.set(job, true);
        }
    }
    /// The job that the next claim comes from, where each has one to give; jobs() if there is none.
    std::size_t next(std::uint32_t doorbell = 0) {
        std::size_t taken = pages.layout().jobs();
        turns.take_next(doorbell, [&](std::size_t job) {
            taken = job;
            return true;
        });
        return taken;
    }

    engine_test::PoolPages pages{1};
    Seat seat{pages.layout(), 0};
    Turns turns{seat};
};

TEST_F(TurnsTest, GoRoundAllJobs) {
    activate({2, 5, 63});
    EXPECT_EQ((std::vector{next(), next(), next(), next()}),
              (std::vector<std::size_t>{2, 5, 63, 2}));
}

TEST_F(TurnsTest, GoBeyondTheLastPage) {
    const std::size_t last = pages.layout().jobs() - 1;
    activate({last});
    EXPECT_EQ(next(), last);
    EXPECT_EQ(next(), last);
    activate({0});
    EXPECT_EQ(next(1), 0U);
}

TEST_F(TurnsTest, GoOnBehindThePredecessorsLastClaim) {
    activate({2, 5});
    seat.slot.write_claim({.job = 2, .serial = 7, .begin = 0, .end = 1}, 0);
    Turns of_replacement(seat);
    std::size_t tried = 0;
    of_replacement.take_next(0, [&](std::size_t job) {
        tried = job;
        return true;
    });
    EXPECT_EQ(tried, 5U);
}

TEST_F(TurnsTest, TryEachJobOnce) {
    activate({1, 3, 4});
    next();
    std::vector<std::size_t> tried;
    EXPECT_FALSE(turns.take_next(0, [&](std::size_t job) {
        tried.push_back(job);
        return false;
    }));
    EXPECT_EQ(tried, (std::vector<std::size_t>{3, 4, 1}));
}

TEST_F(TurnsTest, SeeANewJobWhenTheDoorbellRings) {
    activate({1});
    EXPECT_EQ(next(0), 1U);
    activate({2});
    EXPECT_EQ(next(0), 1U) << "alone as long as the doorbell is quiet";
    EXPECT_EQ(next(1), 2U);
}

class OwnJobTest : public TurnsTest {
protected:
    OwnJobTest() {
        activate({2, 5});
        for (const std::size_t hidden : {1U, 3U}) {
            pages.layout().pool().active.set_hidden(hidden, true);
        }
        pages.layout().pool().own_jobs = 2;
        pages.layout().line(0).own_job = 1 + 3;
    }
};

TEST_F(OwnJobTest, ComesFirst) { EXPECT_EQ(next(), 3U); }

TEST_F(OwnJobTest, IsHiddenFromOthers) {
    pages.layout().line(0).own_job = 0;
    EXPECT_EQ((std::vector{next(), next(), next()}), (std::vector<std::size_t>{2, 5, 2}));
}

TEST_F(OwnJobTest, IsOneOfThoseThatThePoolHas) {
    std::vector<std::size_t> all;
    for (std::size_t job = 0; (job = seat.next_active_job(job)) < pages.layout().jobs(); ++job) {
        all.push_back(job);
    }
    EXPECT_EQ(all, (std::vector<std::size_t>{1, 2, 3, 5}));
}

}  // namespace
}  // namespace procpool::engine
