// How much memory a process may use: that of the machine, or what its container leaves.

#include "os/memory_limit.hpp"

#include <gtest/gtest.h>

#include "os/mapping.hpp"
#include "os/root.hpp"

namespace procpool::os {
namespace {

using fixture::Root;

TEST(MemoryOfContainer, IsThatOfTheMachineWithoutLimits) {
    Root root;
    EXPECT_EQ(memory_of_container(root.path()), physical_memory());
    fixture::with_version_2(root, "/a");
    root.file("/sys/fs/cgroup/a/memory.max", "max\n");
    EXPECT_EQ(memory_of_container(root.path()), physical_memory());
}

TEST(MemoryOfContainer, IsTheLeastLimitOfItsGroups) {
    Root root;
    fixture::with_version_2(root, "/a/b");
    root.file("/sys/fs/cgroup/a/memory.max", "1048576\n")
        .file("/sys/fs/cgroup/a/b/memory.max", "max\n");
    EXPECT_EQ(memory_of_container(root.path()), 1048576U);
}

TEST(MemoryOfContainer, IsReadInVersion1Too) {
    Root root;
    fixture::with_version_1(root, "/a");
    root.file("/sys/fs/cgroup/memory/other/memory.limit_in_bytes", "2097152\n")
        .file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(memory_of_container(root.path()), 2097152U);
}

}  // namespace
}  // namespace procpool::os
