// procpool_test: TIMEOUT 90
// A pool in a task, while other threads of the client are busy in the library.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "ship/modules.hpp"
#include "support/eventually.hpp"
#include "support/sanitized.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

int plus_one(int x) { return x + 1; }
int plus_one_in_own_pool(int x) {
    mp::Pool pool{1};
    return pool.apply(plus_one, x);
}

/// Other threads do this again and again while it lives.
template <class Act>
class Busy {
public:
    Busy(int threads, Act act) : act_(act) {
        for (int i = 0; i < threads; ++i) {
            threads_.emplace_back([this] {
                for (; !stop_; ++turns_) {
                    act_();
                }
            });
        }
        support::await([this] { return turns_ > 0; }, "the first turn");
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy() {
        stop_ = true;
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

private:
    Act act_;
    std::atomic<bool> stop_{false};
    std::atomic<int> turns_{0};
    std::vector<std::thread> threads_;
};

void make_nested_pools(int rounds) {
#if defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
    GTEST_SKIP() << "the allocator of g++'s AddressSanitizer does not bear a fork while another "
                    "thread is in it: its locks stay taken in the child";
#endif
    for (int round = 0; round < (sanitized ? rounds / 4 : rounds); ++round) {
        mp::Pool pool{{.processes = 1, .start = mp::Start::fork}};
        auto result = pool.submit(plus_one_in_own_pool, 1);
        ASSERT_TRUE(result.wait(20s)) << "hangs in round " << round;
        EXPECT_EQ(result.get(), 2);
    }
}

TEST(NestedPool, IsMadeThoughThreadsOfTheClientLookAtItsModules) {
    const Busy busy(1, [] { static_cast<void>(procpool::ship::known_modules()); });
    make_nested_pools(50);
}

TEST(NestedPool, IsMadeThoughThreadsOfTheClientMakePools) {
    const Busy busy(2, [] { const mp::Pool pool{{.processes = 1, .start = mp::Start::fork}}; });
    make_nested_pools(50);
}

TEST(NestedPool, IsMadeThoughThreadsOfTheClientReadTraces) {
    const Busy busy(1, [] {
        mp::Pool pool{{.start = mp::Start::in_caller}};
        try {
            pool.apply([](int x) -> int { throw std::runtime_error(std::to_string(x)); }, 1);
        } catch (const std::exception& error) {
            static_cast<void>(error.what());
        }
    });
    make_nested_pools(20);
}

}  // namespace
