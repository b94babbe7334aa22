// procpool_test: TIMEOUT 30
// The list of loaded objects, and a fork in the middle of reading it.

#include "os/loaded_objects.hpp"

#include <atomic>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/child.hpp"
#include "support/eventually.hpp"

namespace os = procpool::os;

namespace {

int count(dl_phdr_info* /*info*/, std::size_t /*size*/, void* data) {
    ++*static_cast<int*>(data);
    return 0;
}

TEST(LoadedObjects, AreTheProgramAndItsLibraries) {
    int found = 0;
    os::for_each_object(count, &found);
    EXPECT_GT(found, 2);
}

TEST(LoadedObjects, AreSeenByAChildThatWasForkedWhileAnotherThreadLooked) {
    std::atomic<bool> stop{false};
    std::atomic<int> looks{0};
    std::thread other([&] {
        int found = 0;
        for (; !stop; ++looks) {
            os::for_each_object(count, &found);
        }
    });
    EXPECT_TRUE(support::eventually([&] { return looks > 0; }));
    for (int round = 0; round < 100; ++round) {
        const int status = support::status_of_child([] {
            ::alarm(20);  // one that waits for the lock of a thread that is not there ends here
            int found = 0;
            os::for_each_object(count, &found);
            return found > 2;
        });
        ASSERT_EQ(status, 0) << round;
    }
    stop = true;
    other.join();
}

}  // namespace
