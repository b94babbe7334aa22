// Pools, and messages of failures, in threads and fibers with small stacks, and with little memory.

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <pthread.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/sanitized.hpp"
#include "support/text.hpp"

namespace {

using procpool::Pool;
using procpool::Start;
using support::contains;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

[[gnu::noinline]] int need_stack(std::size_t bytes) {
    volatile char room[kib];
    for (auto& c : room) {
        c = 1;
    }
    return bytes <= kib ? 1 : room[7] + need_stack(bytes - kib);
}

[[gnu::noinline]] int overflow_stack(int depth) {
    volatile char big[4096];
    big[depth % 4096] = 1;
    return depth < 0 ? 0 : overflow_stack(depth + 1) + big[0];
}

[[gnu::noinline]] int refuse(int number) {
    if (number >= 0) {
        throw std::out_of_range("no such number");
    }
    return number;
}

/// In a thread whose stack has this size.
void in_thread(std::size_t size, std::function<void()> work) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, size);
    pthread_t thread{};
    const auto run = [](void* argument) -> void* {
        (*static_cast<std::function<void()>*>(argument))();
        return nullptr;
    };
    ASSERT_EQ(::pthread_create(&thread, &attributes, run, &work), 0);
    ::pthread_attr_destroy(&attributes);
    ::pthread_join(thread, nullptr);
}

std::function<void()> fiber_work;
ucontext_t out_of_fiber;

/// On a stack of this size without a guard: below it lies other memory of the program.
void in_fiber(std::size_t size, std::function<void()> work) {
    std::vector<char> stack(size);
    ucontext_t fiber{};
    ::getcontext(&fiber);
    fiber.uc_stack.ss_sp = stack.data();
    fiber.uc_stack.ss_size = stack.size();
    fiber.uc_link = &out_of_fiber;
    fiber_work = std::move(work);
    ::makecontext(&fiber, [] { fiber_work(); }, 0);
    ::swapcontext(&out_of_fiber, &fiber);
}

TEST(SmallStack, OfAThreadIsNotThatOfTheTasksOfItsPools) {
    in_thread(256 * kib, [] {
        Pool pool{{.processes = 1, .start = Start::fork}};
        EXPECT_GT(pool.apply(need_stack, 2 * mib), 0);
    });
}

TEST(SmallStack, OfAFiberIsNotThatOfTheTasksOfItsPools) {
    in_fiber(128 * kib, [] {
        Pool pool{{.processes = 1, .start = Start::fork}};
        EXPECT_GT(pool.apply(need_stack, 2 * mib), 0);
    });
}

class SmallStackOfAProgram : public testing::Test {
protected:
    void SetUp() override {
        if (sanitized) {
            GTEST_SKIP() << "a sanitizer's frames are of another size";
        }
    }
};

TEST_F(SmallStackOfAProgram, HidesNoOverflowInATask) {
    in_thread(256 * kib, [] {
        Pool pool{{.processes = 1, .start = Start::fork}};
        const auto outcome = pool.try_apply(overflow_stack, 0);
        ASSERT_FALSE(outcome);
        EXPECT_TRUE(
            contains(outcome.error().message(), {"the stack overflowed", "overflow_stack"}));
    });
}

TEST_F(SmallStackOfAProgram, IsEnoughToReadWhyATaskFailed) {
    Pool pool{1};
    const auto outcome = pool.try_apply(refuse, 1);
    for (const std::size_t size : {64 * kib, 128 * kib}) {
        const int status = support::status_of_child([&] {
            bool named = false;
            in_thread(size, [&] {
                named = outcome.error().message().find("refuse (small_stack_test.cpp:") !=
                        std::string::npos;
            });
            return named;
        });
        EXPECT_EQ(status, 0) << size;
    }
}

std::size_t data_bytes() {
    std::size_t pages = 0;
    std::ifstream statm("/proc/self/statm");
    for (int field = 0; field < 6; ++field) {
        statm >> pages;
    }
    return pages * 4 * kib;
}

TEST_F(SmallStackOfAProgram, AndLittleMemoryEndNoProgramThatReadsWhyATaskFailed) {
    Pool pool{1};
    const auto outcome = pool.try_apply(refuse, 1);
    for (std::size_t left = 0; left <= 16 * mib; left += mib) {
        const int status = support::status_of_child([&] {
            rlimit limit{};
            ::getrlimit(RLIMIT_DATA, &limit);
            limit.rlim_cur = limit.rlim_max = data_bytes() + left;
            ::setrlimit(RLIMIT_DATA, &limit);
            try {
                return !outcome.error().message().empty();
            } catch (const std::bad_alloc&) {
                return true;
            }
        });
        EXPECT_EQ(status, 0) << left;
    }
}

}  // namespace
