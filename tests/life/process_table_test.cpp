#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/processes.hpp"

namespace {

// The kernel refuses to read a directory, as it refuses to read a file of a process that is gone
// since it was opened.
TEST(ProcessTable, HasNothingToSayWhereAFileOpensAndCannotBeRead) {
    const int directory = ::open("/proc/self", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(directory, 0);
    char byte = 0;
    EXPECT_EQ(::read(directory, &byte, 1), -1);
    ::close(directory);
    EXPECT_EQ(support::content_of("/proc/self"), "");
}

TEST(ProcessTable, HasNothingToSayOfAProcessThatIsGone) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(0);
    }
    ASSERT_GT(child, 0);
    EXPECT_TRUE(support::exists(child));
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(support::exists(child));
    EXPECT_FALSE(support::runs(child));
    EXPECT_FALSE(support::may_act(child));
}

}  // namespace
