// procpool_test: TIMEOUT 120 LABELS tsan
#include <csignal>
#include <memory>
#include <optional>
#include <thread>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"

/// Any thread may use a pool, several at once.
namespace {

using namespace std::chrono_literals;
using procpool::AsyncResult;
using procpool::Pool;
using procpool::PoolClosed;
using procpool::PoolTerminated;
using procpool::WorkerDied;
using support::numbers;

constexpr int threads = 6;

int square(int i) { return i * i; }
std::string name(int i) { return std::string(static_cast<std::size_t>(i % 100), 'x'); }
std::optional<int> big(int i) { return i > 40 ? std::optional(i) : std::nullopt; }

/// `act(thread)` on every thread.
template <class Act>
void everywhere(Act act) {
    std::vector<std::jthread> all;
    for (int thread = 0; thread < threads; ++thread) {
        all.emplace_back([act, thread] { act(thread); });
    }
}

TEST(Threads, ShareOnePool) {
    Pool pool{2};
    everywhere([&](int thread) {
        for (int round = 0; round < 30; ++round) {
            const auto squares = pool.map(square, numbers(50 + thread));
            for (std::size_t i = 0; i < squares.size(); ++i) {
                ASSERT_EQ(squares[i], static_cast<int>(i * i));
            }
            ASSERT_EQ(pool.apply(square, thread), thread * thread);
            auto result = pool.submit(name, round);
            ASSERT_EQ(pool.find_first(big, numbers(100)), 41);
            ASSERT_EQ(result.get().size(), static_cast<std::size_t>(round));
        }
    });
}

TEST(Threads, ShareOnePoolWhoseWorkersDie) {
    Pool pool{2};
    everywhere([&](int thread) {
        for (int round = 0; round < 5; ++round) {
            const auto outcomes = pool.try_map(
                [](int i) {
                    if (i % 10 == 3) {
                        std::_Exit(1);
                    }
                    return i * i;
                },
                numbers(20 + thread));
            for (std::size_t i = 0; i < outcomes.size(); ++i) {
                if (i % 10 == 3) {
                    ASSERT_THROW(outcomes[i].rethrow(), WorkerDied);
                } else {
                    ASSERT_EQ(outcomes[i].value(), static_cast<int>(i * i));
                }
            }
        }
    });
}

TEST(Threads, WaitForResultsThatOthersTakeIn) {
    Pool pool{2};
    everywhere([&](int) {
        std::vector<AsyncResult<int>> results;
        for (int i = 0; i < 50; ++i) {
            results.push_back(pool.submit(square, i));
        }
        for (int i = 49; i >= 0; --i) {
            auto& result = results[static_cast<std::size_t>(i)];
            while (!result.wait(1ms)) {
            }
            ASSERT_TRUE(result.ready());
            ASSERT_EQ(result.get(), i * i);
        }
    });
}

TEST(Threads, CancelAndDropWhatOthersWaitBeside) {
    Pool pool{2};
    everywhere([&](int thread) {
        for (int round = 0; round < 20; ++round) {
            auto dropped = pool.map_async(square, numbers(200));
            auto cancelled = pool.map_async(square, numbers(200));
            cancelled.cancel();
            ASSERT_EQ(pool.apply(square, thread), thread * thread);
            cancelled.wait();
        }
    });
}

/// Every call ends, with a result or with `Ending`.
template <class Ending, class End>
void ends_in_the_middle(End end) {
    for (int round = 0; round < 10; ++round) {
        auto pool = std::make_unique<Pool>(2);
        std::atomic<int> calls{0};
        const std::jthread ender([&] {
            support::await([&] { return calls > 20; }, "calls under way");
            end(*pool);
        });
        everywhere([&](int thread) {
            try {
                for (;;) {
                    ++calls;
                    ASSERT_EQ(pool->map(square, numbers(100)).size(), 100U);
                    ASSERT_EQ(pool->apply(square, thread), thread * thread);
                    ASSERT_EQ(pool->submit(square, 3).get(), 9);
                }
            } catch (const Ending&) {
            }
        });
    }
}

TEST(Threads, AllEndAtTerminate) {
    ends_in_the_middle<PoolTerminated>([](Pool& pool) { pool.terminate(); });
}

TEST(Threads, AllEndAtClose) {
    ends_in_the_middle<PoolClosed>([](Pool& pool) {
        pool.close();
        pool.join();
    });
}

TEST(Threads, AllEndWhenTheForkServerDies) {
    ends_in_the_middle<procpool::PoolBroken>(
        [](Pool& pool) { ::kill(pool.apply([] { return ::getppid(); }), SIGKILL); });
}

TEST(Threads, MayEndAPoolTogether) {
    for (int round = 0; round < 10; ++round) {
        Pool pool{2};
        auto result = pool.map_async([](int) { support::wait_for_ever(); }, numbers(10));
        everywhere([&](int thread) {
            if (thread % 3 == 0) {
                pool.close();
            }
            if (thread % 3 == 1) {
                pool.terminate();
            }
            try {
                pool.join();
            } catch (const std::logic_error&) {
                // before any other thread ended it
            }
        });
        EXPECT_THROW(result.get(), PoolTerminated);
    }
}

TEST(Threads, WaitWhileThePoolIsDestroyed) {
    for (int round = 0; round < 10; ++round) {
        std::vector<AsyncResult<int>> results;
        auto pool = std::make_unique<Pool>(2);
        for (int i = 0; i < threads; ++i) {
            results.push_back(pool->submit([] {
                support::wait_for_ever();
                return 0;
            }));
        }
        std::atomic<int> waiting{0};
        std::vector<std::jthread> all;
        for (auto& result : results) {
            all.emplace_back([&] {
                ++waiting;
                EXPECT_THROW(result.get(), PoolTerminated);
            });
        }
        EXPECT_TRUE(support::eventually([&] { return waiting == threads; }));
        pool.reset();
    }
}

TEST(Threads, HavePoolsOfTheirOwn) {
    everywhere([](int thread) {
        for (int round = 0; round < 5; ++round) {
            Pool pool{2};
            ASSERT_EQ(pool.map(square, numbers(20))[3], 9);
            ASSERT_EQ(pool.apply(square, thread), thread * thread);
        }
    });
}

TEST(Threads, ShareTheRegion) {
    Pool pool{2};
    everywhere([&](int thread) {
        for (int round = 0; round < 20; ++round) {
            procpool::shared_vector<int> input(1000, thread), output;
            pool.map_into(square, input, output);
            ASSERT_EQ(output.front(), thread * thread);
            ASSERT_EQ(output.back(), thread * thread);
            ASSERT_EQ(pool.map(name, numbers(300)).size(), 300U);
        }
    });
}

TEST(Threads, FillEveryRing) {
    // Results larger than a ring: whoever waits has to take in what the others wait for.
    Pool pool{2};
    everywhere([&](int) {
        const auto texts = pool.map([](int) { return std::string(1 << 20, 'y'); }, numbers(8));
        for (const auto& text : texts) {
            ASSERT_EQ(text.size(), std::size_t{1} << 20);
        }
    });
}

TEST(Threads, ForkWhileOthersUseThePool) {
    Pool pool{2};
    std::atomic<bool> done{false};
    std::jthread user([&] {
        while (!done) {
            ASSERT_EQ(pool.map(square, numbers(50))[7], 49);
        }
    });
    for (int i = 0; i < 20; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
    }
    done = true;
}

}  // namespace
