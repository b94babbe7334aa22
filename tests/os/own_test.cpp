// What belongs to one process, and locks that a forked child must not find held.

#include "os/own.hpp"

#include <csignal>
#include <latch>
#include <mutex>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/child.hpp"

namespace os = procpool::os;

namespace {

struct Counter {
    std::mutex mutex;
    int count = 0;
};

TEST(Own, IsTheSameAtEveryCall) {
    os::own<Counter>().count = 3;
    EXPECT_EQ(os::own<Counter>().count, 3);
}

TEST(Own, IsAnotherOneInAForkedChildThoughTheLockWasHeld) {
    os::own<Counter>().count = 3;
    std::latch held(1);
    std::latch done(1);
    std::thread other([&] {
        const std::scoped_lock lock(os::own<Counter>().mutex);
        held.count_down();
        done.wait();
    });
    held.wait();
    const int status = support::status_of_child([] {
        Counter& own = os::own<Counter>();
        return own.count == 0 && own.mutex.try_lock();
    });
    done.count_down();
    other.join();
    EXPECT_EQ(status, 0);
}

}  // namespace
