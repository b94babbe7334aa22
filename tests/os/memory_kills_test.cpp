// Whether the kernel's memory killer ended a process, by its count of those it ended.

#include "os/memory_kills.hpp"

#include <gtest/gtest.h>

#include "os/root.hpp"

namespace procpool::os {
namespace {

using fixture::Root;

TEST(MemoryKills, ExplainAProcessEach) {
    Root root;
    fixture::with_version_2(root, "/a");
    root.file("/sys/fs/cgroup/a/memory.events", "low 0\noom 7\noom_kill 3\n");
    MemoryKills kills(root.path());
    kills.note();
    EXPECT_FALSE(kills.explain_one());
    root.file("/sys/fs/cgroup/a/memory.events", "low 0\noom 9\noom_kill 5\n");
    EXPECT_TRUE(kills.explain_one());
    EXPECT_TRUE(kills.explain_one());
    EXPECT_FALSE(kills.explain_one());
}

TEST(MemoryKills, AreCountedInVersion1Too) {
    Root root;
    fixture::with_version_1(root, "/a");
    root.file("/sys/fs/cgroup/memory/other/memory.oom_control", "under_oom 0\noom_kill 0\n")
        .file("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill 0\n");
    MemoryKills kills(root.path());
    kills.note();
    root.file("/sys/fs/cgroup/memory/other/memory.oom_control", "under_oom 0\noom_kill 1\n");
    EXPECT_TRUE(kills.explain_one());
}

TEST(MemoryKills, AreThoseOfTheMachineWhereNoGroupCounts) {
    Root root;
    root.file("/proc/vmstat", "pgfault 12\noom_kill 4\n");
    MemoryKills kills(root.path());
    kills.note();
    root.file("/proc/vmstat", "pgfault 13\noom_kill 5\n");
    EXPECT_TRUE(kills.explain_one());
}

TEST(MemoryKills, ExplainNothingIfNobodyCounts) {
    const Root root;
    MemoryKills kills(root.path());
    EXPECT_FALSE(kills.is_noted());
    kills.note();
    EXPECT_TRUE(kills.is_noted());
    EXPECT_FALSE(kills.explain_one());
}

}  // namespace
}  // namespace procpool::os
