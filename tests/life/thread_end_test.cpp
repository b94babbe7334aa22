// procpool_test: TIMEOUT 60
// A task that ends its thread (pthread_exit, pthread_cancel) ends its worker, and nothing of the
// program is unwound there.

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/init.hpp>
#include <procpool/pool.hpp>

#include "support/eventually.hpp"
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
        for (const std::size_t i : {0U, 2U, 3U}) {
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

/// Has a thread of the program make a call, and cancels it there. Is it cancelled behind the call?
class Cancelled {
public:
    template <class Call>
    static bool behind(Call call, mp::Pool& pool, support::Counter& waiting) {
        State state{&pool, call, {}};
        pthread_t thread{};
        ::pthread_create(
            &thread, nullptr,
            [](void* argument) -> void* {
                auto& self = *static_cast<State*>(argument);
                self.call(*self.pool);
                self.returned = true;
                ::pthread_testcancel();
                return nullptr;
            },
            &state);
        support::await(waiting);
        ::pthread_cancel(thread);
        ++waiting;  // the task goes on
        void* result = nullptr;
        ::pthread_join(thread, &result);
        return result == PTHREAD_CANCELED && state.returned;
    }

private:
    struct State {
        mp::Pool* pool;
        std::function<void(mp::Pool&)> call;
        std::atomic<bool> returned;
    };
};

TEST(ThreadOfTheProgram, IsCancelledBehindItsCallNotInIt) {
    const support::Shared<support::Counter> waiting;
    mp::Pool pool{{.processes = 1, .start = mp::Start::fork}};
    const auto task = [waiting = waiting.get()](int x) {
        ++*waiting;
        support::await(*waiting, 2);
        return x;
    };
    EXPECT_TRUE(Cancelled::behind([&](mp::Pool& p) { p.apply(task, 1); }, pool, *waiting));
    *waiting = 0;
    EXPECT_TRUE(Cancelled::behind(
        [&](mp::Pool& p) {
            const mp::Pool other{1};
            p.submit(task, 1).get();
            const auto failed = p.try_map([](int) { throw std::runtime_error("x"); }, {1});
            EXPECT_TRUE(contains(failed.at(0).error().message(), "x"));
            mp::fork_map([](int x) { return x; }, std::vector{1});
        },
        pool, *waiting));
    EXPECT_EQ(pool.apply([](int x) { return x; }, 5), 5);
}

}  // namespace

int main(int argc, char** argv) {
    procpool::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
