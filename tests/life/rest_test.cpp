// procpool_test: TIMEOUT 60
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "life/life.hpp"

/// What a pool costs whose program calls it now and then.
namespace {

using namespace std::chrono_literals;

/// How often a process went to sleep so far.
long sleeps_of(pid_t pid) {
    std::istringstream status(life::content_of("/proc/" + std::to_string(pid) + "/status"));
    for (std::string word; status >> word;) {
        long count = 0;
        if (word == "voluntary_ctxt_switches:" && status >> count) return count;
    }
    return 0;
}

/// It sleeps and is not about to wake by itself.
bool rests(pid_t pid) {
    const long before = sleeps_of(pid);
    return !life::eventually([&] { return sleeps_of(pid) != before; }, 300ms);
}

TEST(RestingPool, DoesNotWakeItsForkServerForShortCalls) {
    procpool::Pool pool{2};
    const pid_t server = life::look_up(pool.worker_pids().front())->parent;
    ASSERT_TRUE(life::eventually([&] { return rests(server); }, 30s));

    constexpr int calls = 200;
    const long before = sleeps_of(server);
    for (int i = 0; i < calls; ++i) {
        ASSERT_EQ(pool.apply([](int x) { return x + 1; }, i), i + 1);
        ::usleep(1'000);  // the workers rest, too
    }
    // A call that a busy machine made long has it look on for a second, twenty times.
    EXPECT_LT(sleeps_of(server) - before, calls / 2);
}

}  // namespace
