// procpool_test: TIMEOUT 60
// A task that ends its thread (pthread_exit, pthread_cancel) ends its worker, and nothing of the
// program is unwound there.

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/init.hpp>
#include <procpool/pool.hpp>

#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using namespace std::chrono_literals;

namespace {

int exit_at_one(int i) {
    if (i == 1) {
        ::pthread_exit(nullptr);
    }
    return i;
}

int cancel_at_one(int i) {
    if (i == 1) {
        ::pthread_cancel(::pthread_self());
        ::pthread_testcancel();
    }
    return i;
}

/// Whose destructor ran where. Shared with every process that is forked later.
struct Unwound {
    std::atomic<int> in_client{0};
    std::atomic<int> elsewhere{0};
};

/// Something in a frame of the program.
class Guard {
public:
    explicit Guard(Unwound& unwound) : unwound_(unwound) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { ++(::getpid() == client_ ? unwound_.in_client : unwound_.elsewhere); }

private:
    Unwound& unwound_;
    pid_t client_ = ::getpid();
};

class ThreadEnd : public testing::TestWithParam<mp::Start> {};
INSTANTIATE_TEST_SUITE_P(EveryStart, ThreadEnd,
                         testing::Values(mp::Start::fork, mp::Start::forkserver, mp::Start::spawn),
                         [](const auto& test) {
                             return std::string(test.param == mp::Start::fork         ? "Fork"
                                                : test.param == mp::Start::forkserver ? "Forkserver"
                                                                                      : "Spawn");
                         });

TEST_P(ThreadEnd, CostsItsItemOnlyAndIsNamed) {
    for (const auto task : {exit_at_one, cancel_at_one}) {
        mp::Pool pool{{.processes = 2, .start = GetParam()}};
        const auto outcomes = pool.try_map(task, std::vector{0, 1, 2, 3}, {.timeout = 20s});
        for (const std::size_t i : {0, 2, 3}) {
            EXPECT_EQ(*outcomes[i], static_cast<int>(i));
        }
        try {
            outcomes[1].rethrow();
            ADD_FAILURE();
        } catch (const mp::WorkerDied& died) {
            EXPECT_EQ(died.signal(), 0);
            EXPECT_EQ(died.exit_status(), EXIT_FAILURE);
            EXPECT_TRUE(contains(died.what(), "pthread_exit"));
        }
        EXPECT_EQ(pool.apply(task, 7), 7);
    }
}

TEST_P(ThreadEnd, UnwindsNothingOfTheProgram) {
    const support::Shared<Unwound> unwound;
    {
        const Guard guard(*unwound);
        try {
            mp::Pool pool{{.processes = 1, .start = GetParam()}};
            EXPECT_THROW(pool.apply(exit_at_one, 1), mp::WorkerDied);
            EXPECT_EQ(pool.apply(exit_at_one, 2), 2);
        } catch (...) {
            ++unwound->elsewhere;
            throw;
        }
    }
    EXPECT_EQ(unwound->in_client, 1);
    EXPECT_EQ(unwound->elsewhere, 0);
}

TEST_P(ThreadEnd, IsRetriedLikeAnyDeath) {
    support::Shared<std::atomic<int>> tries;
    static std::atomic<int>* counter = nullptr;
    if (GetParam() != mp::Start::fork) {
        GTEST_SKIP() << "only forked workers share the counter";
    }
    counter = tries.get();
    mp::Pool pool{{.processes = 1, .start = GetParam()}};
    const auto at_third_try = [](int i) {
        if (counter->fetch_add(1) < 2) {
            ::pthread_exit(nullptr);
        }
        return i;
    };
    EXPECT_EQ(pool.apply(mp::TaskOptions{.retries = 2}, at_third_try, 5), 5);
}

TEST_P(ThreadEnd, InTheInitializerBreaksThePool) {
    mp::Pool pool{
        {.processes = 1, .start = GetParam(), .initializer = [] { ::pthread_exit(nullptr); }}};
    EXPECT_THROW(pool.apply(exit_at_one, 0), mp::InitializerFailed);
}

TEST(ThreadEnd, OfAnotherThreadIsThatThreadsOwnBusiness) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply([] {
        std::thread([] { ::pthread_exit(nullptr); }).join();
        return 3;
    }),
              3);
}

TEST(ThreadEnd, InACallerWithoutProcessesEndsThatThread) {
    mp::Pool pool{{.start = mp::Start::in_caller}};
    int returned = 0;
    std::thread([&] { returned = pool.apply(exit_at_one, 1); }).join();
    EXPECT_EQ(returned, 0);
    EXPECT_EQ(pool.apply(exit_at_one, 2), 2);
    pool.close();
    pool.join();
}

}  // namespace

int main(int argc, char** argv) {
    procpool::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
