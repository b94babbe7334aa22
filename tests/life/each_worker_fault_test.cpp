// for_each_worker in many workers: they are called once, not once for each.

#include <array>
#include <atomic>
#include <stdexcept>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/faults.hpp"
#include "support/shared.hpp"

namespace {

using procpool::Pool;
using procpool::os::Call;

pid_t client = 0;
std::atomic<int> wakes{0};

int count_wakes(Call call) {
    wakes += call == Call::futex_wake && ::getpid() == client ? 1 : 0;
    return 0;
}

class EachWorker : public testing::Test {
protected:
    EachWorker() {
        client = ::getpid();
        procpool::os::fault_hook = count_wakes;
    }
    ~EachWorker() override { procpool::os::fault_hook = nullptr; }
};

TEST_F(EachWorker, IsCalledByOneCallOfAll) {
    constexpr int workers = 60;
    support::Shared<std::array<std::atomic<int>, workers>> runs;
    auto* const counters = runs.get();
    Pool pool{workers};
    wakes = 0;
    pool.for_each_worker(
        [counters] { ++(*counters)[static_cast<std::size_t>(procpool::this_worker::id())]; });
    // One, and one more after each 50 ms in which no answer came.
    EXPECT_LT(wakes, workers / 2);
    for (const auto& count : *runs) {
        EXPECT_EQ(count, 1);
    }
}

TEST_F(EachWorker, ThrowsTheErrorOfTheFirstThatHasOne) {
    Pool pool{5};
    try {
        pool.for_each_worker([] {
            if (procpool::this_worker::id() == 4) {
                throw std::out_of_range("the last");
            }
            if (procpool::this_worker::id() == 2) {
                throw std::domain_error("one in the middle");
            }
        });
        FAIL() << "it threw nothing";
    } catch (const std::domain_error& error) {
        EXPECT_STREQ(error.what(), "one in the middle");
    }
}

}  // namespace
