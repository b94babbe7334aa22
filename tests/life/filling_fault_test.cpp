#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/faults.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

/// Filling the places of workers where forking is slow, or cannot be.
namespace {

using namespace std::chrono_literals;
using procpool::Pool;
using procpool::os::Call;

support::Shared<std::atomic<int>> forks;

int fork_slowly(Call call) {
    if (call == Call::fork_process) {
        ++*forks;
        ::usleep(50'000);
    }
    return 0;
}

class Filling : public testing::Test {
protected:
    ~Filling() override { procpool::os::fault_hook = nullptr; }
};

TEST_F(Filling, EndsWhenTheClientDiesInTheMiddle) {
    constexpr int workers = 40;
    *forks = 0;
    const pid_t client = ::fork();
    if (client == 0) {
        procpool::os::fault_hook = fork_slowly;
        Pool pool{workers};
        support::wait_for_ever();
    }
    ASSERT_TRUE(support::eventually([] { return *forks >= 3; }));
    ::kill(client, SIGKILL);
    ::waitpid(client, nullptr, 0);
    int seen = 0;
    EXPECT_TRUE(support::eventually([&] {
        seen = *forks;
        ::usleep(200'000);  // longer than a fork takes
        return *forks == seen;
    }));
    EXPECT_LT(seen, workers / 2);
}

/// A program that adopts orphans, as the first process of a container does, adopts the spare, too.
TEST_F(Filling, LeavesNoSpareBehindWhenTheForkServerIsKilled) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    procpool::os::fault_hook = fork_slowly;
    {
        Pool pool{1};
        const pid_t server = pool.apply([] { return ::getppid(); });
        ASSERT_TRUE(support::eventually([&] {  // it rests, with its worker and the spare
            return support::children_of(server).size() == 2 &&
                   support::look_up(server)->state == 'S';
        }));
        ::kill(server, SIGKILL);
        EXPECT_TRUE(support::eventually([&] {  // its worker may be faster than the news
            try {
                pool.apply([] {});
                return false;
            } catch (const procpool::PoolBroken&) {
                return true;
            }
        }));
    }
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(Filling, BreaksThePoolWhereTheWorkerThatAJobIsForCannotBeHad) {
    support::Shared<support::Faults> shared;
    support::faults = shared.get();
    procpool::os::fault_hook = support::decide;
    // From the start: where forking is slow there is a spare, later.
    support::faults->fail(Call::fork_process, EAGAIN, 2, 1'000'000'000, support::Where::others);
    Pool pool{2};
    ::kill(pool.worker_pids().front(), SIGKILL);
    EXPECT_THROW(pool.for_each_worker([] {}), procpool::PoolBroken);
    support::faults->stop();
}

}  // namespace
