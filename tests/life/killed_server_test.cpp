// procpool_test: TIMEOUT 120
// What is left when somebody kills a fork server.

#include <atomic>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "memory/region.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/freezer.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace {

using procpool::Pool;
using procpool::Start;

// Made before the clean process.
const support::Shared<support::Roll> roll;

void kill_server_of(Pool& pool) {
    ::kill(support::look_up(pool.worker_pids().front())->parent, SIGKILL);
    EXPECT_THROW(support::await(
                     [&] {
                         pool.apply([] {});
                         return false;
                     },
                     "the pool breaks"),
                 procpool::PoolBroken);
}

bool all_end(const std::vector<pid_t>& processes) {
    return support::eventually([&] {
        for (const pid_t process : processes) {
            if (support::runs(process)) {
                return false;
            }
        }
        return true;
    });
}

class KilledServer : public testing::TestWithParam<Start> {};

TEST_P(KilledServer, TakesDaemonsOfTasksAlong) {
    roll->clear();
    Pool pool{{.processes = 2, .start = GetParam()}};
    pool.apply([] {
        support::start_daemon(*roll);
        support::await([] { return roll->size() == 1; }, "the daemon");
    });
    kill_server_of(pool);
    EXPECT_TRUE(all_end(roll->pids()));
}

TEST_P(KilledServer, LeavesThePoolsMemoryToTheNext) {
    auto& region = procpool::memory::Region::current();
    const std::size_t some = std::size_t{1} << 20U;
    std::byte* const free = region.reserve(some);
    region.unreserve(free, some);
    {
        Pool pool{{.processes = 2, .start = GetParam()}};
        kill_server_of(pool);
    }
    std::byte* const after = region.reserve(some);
    EXPECT_EQ(after, free);
    region.unreserve(after, some);
}

INSTANTIATE_TEST_SUITE_P(, KilledServer, testing::Values(Start::fork, Start::forkserver),
                         [](const auto& test) {
                             return test.param == Start::fork ? "Forked" : "FromTheCleanProcess";
                         });

TEST(KilledServerOfTheCleanProcess, TakesAlongWhatTasksStarted) {
    Pool pool{{.processes = 1, .start = Start::forkserver}};
    const pid_t started = pool.apply([] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setsid();
            ::execl("/bin/sleep", "sleep", "60", nullptr);
            ::_exit(1);
        }
        return child;
    });
    kill_server_of(pool);
    EXPECT_TRUE(all_end({started}));
}

/// Becomes the client of two pools, and waits.
[[noreturn]] void keep_pools(std::atomic<bool>& ready) {
    const char* const name = "killed_server";
    procpool::init(1, &name);
    Pool first{{.processes = 1, .start = Start::forkserver}};
    Pool second{{.processes = 1, .start = Start::forkserver}};
    ready = true;
    support::wait_for_ever();
}

TEST(KilledProgramWithACleanProcess, LeavesOneProcessToWhoeverAdoptsOrphans) {
    const support::Shared<std::atomic<bool>> ready;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t program = ::fork();
    if (program == 0) {
        keep_pools(*ready);
    }
    support::await([&] { return ready->load(); }, "the pools");
    ::kill(program, SIGKILL);
    EXPECT_EQ(::waitpid(program, nullptr, 0), program);
    int adopted = 0;
    while (::wait(nullptr) > 0) {
        ++adopted;
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    EXPECT_EQ(adopted, 1);
}

TEST(KilledServerOfAWorkerThatCannotDie, LeavesMemoryThatIsNotUsedAgain) {
    support::Freezer freezer;
    if (!freezer.works()) {
        GTEST_SKIP() << "needs the right to freeze (control groups of version 1)";
    }
    auto& region = procpool::memory::Region::current();
    const std::size_t some = std::size_t{1} << 20U;
    std::byte* const free = region.reserve(some);
    region.unreserve(free, some);
    {
        Pool pool{{.processes = 1, .start = Start::fork}};
        freezer.freeze(pool.worker_pids().front());
        kill_server_of(pool);
    }
    std::byte* const after = region.reserve(some);
    EXPECT_NE(after, free);
    region.unreserve(after, some);
}

}  // namespace

int main(int argc, char** argv) {
    procpool::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
