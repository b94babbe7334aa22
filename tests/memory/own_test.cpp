// What belongs to one process, and locks that a forked child must not find held.

#include "memory/own.hpp"

#include <csignal>
#include <latch>
#include <mutex>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include "life/life.hpp"

namespace memory = procpool::memory;

namespace {

struct Counter {
    std::mutex mutex;
    int count = 0;
};

TEST(Own, IsTheSameAtEveryCall) {
    memory::own<Counter>().count = 3;
    EXPECT_EQ(memory::own<Counter>().count, 3);
}

TEST(Own, IsAnotherOneInAForkedChildThoughTheLockWasHeld) {
    memory::own<Counter>().count = 3;
    std::latch held(1);
    std::latch done(1);
    std::thread other([&] {
        const std::scoped_lock lock(memory::own<Counter>().mutex);
        held.count_down();
        done.wait();
    });
    held.wait();
    const int status = life::status_of_child([] {
        Counter& own = memory::own<Counter>();
        return own.count == 0 && own.mutex.try_lock();
    });
    done.count_down();
    other.join();
    EXPECT_EQ(status, 0);
}

}  // namespace
