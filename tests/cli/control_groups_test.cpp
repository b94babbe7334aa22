// procpool_test: LINK cli
// What control groups allow: the command reads them as the library does, with a reader of its own.

#include "control_groups.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "os/cpus.hpp"
#include "os/root.hpp"

namespace {

using fixture::Root;
using procpool::cli::cpu_quota;
using procpool::cli::memory_limit;
using procpool::cli::process_limit;

const std::string version_1 = "/sys/fs/cgroup/cpu,cpuacct/";

/// The quota, if the library finds the same.
std::optional<int> quota(const Root& root) {
    const auto found = cpu_quota(root.path());
    EXPECT_EQ(found, procpool::os::quota_cpus(root.path()));
    return found;
}

TEST(InfoQuota, IsNoneWhereThereIsNone) {
    EXPECT_EQ(quota(Root()), std::nullopt);
    Root root;
    with_version_2(root, "/a");
    EXPECT_EQ(quota(root), std::nullopt);
    for (const char* none : {"max 100000\n", "100000\n", "0 100000\n", "100000 0\n", "x y\n", ""}) {
        root.file("/sys/fs/cgroup/a/cpu.max", none);
        EXPECT_EQ(quota(root), std::nullopt) << none;
    }
}

TEST(InfoQuota, IsTheLeastOnTheWayUpRoundedUp) {
    Root root;
    with_version_2(root, "/a/b/c");
    root.file("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n")
        .file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
        .file("/sys/fs/cgroup/a/cpu.max", "210000 100000\n");
    EXPECT_EQ(quota(root), 3);
}

TEST(InfoQuota, OfAGroupOutsideOfTheNamespaceIsThatOfTheMount) {
    Root root;
    with_version_2(root, "/../../other");
    root.file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    EXPECT_EQ(quota(root), 4);
}

TEST(InfoQuota, OfVersion1IsBelowWhatTheMountShows) {
    for (const auto& [shown, below] :
         {std::pair{"/", "docker/x/"}, std::pair{"/docker", "x/"}, std::pair{"/docker/x", ""}}) {
        Root root;
        with_version_1(root, "/docker/x", shown);
        root.file(version_1 + below + "cpu.cfs_quota_us", "150000\n")
            .file(version_1 + below + "cpu.cfs_period_us", "100000\n");
        EXPECT_EQ(quota(root), 2) << shown;
    }
    Root root;
    with_version_1(root, "/docker/x", "/docker/xy");  // of another container
    root.file(version_1 + "cpu.cfs_quota_us", "150000\n")
        .file(version_1 + "cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota(root), std::nullopt);
}

TEST(InfoQuota, IsFoundBelowAMountPointWithABlank) {
    Root root;
    root.file("/proc/self/cgroup", "0::/a\n")
        .file("/proc/self/mountinfo", "30 21 0:26 / /my\\040groups\\0 rw - cgroup2 none rw\n")
        .file("/my groups\\0/a/cpu.max", "200000 100000\n");
    EXPECT_EQ(quota(root), 2);
}

TEST(InfoQuota, IsNoneWhereTheFilesOfTheSystemMakeNoSense) {
    for (const char* mounts : {"", "\n", "30 21 0:26 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n",
                               "30 21 0:26 / /sys/fs/cgroup rw - cgroup2\n", "- - - - - - -\n"}) {
        for (const char* groups : {"", "0::/a\n", "0:/a\n", "a\n", "0::a\n"}) {
            Root root;
            root.file("/proc/self/cgroup", groups)
                .file("/proc/self/mountinfo", mounts)
                .file("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
            EXPECT_EQ(quota(root), std::nullopt) << mounts << groups;
        }
    }
}

TEST(InfoQuota, OfAGroupWithAColonInItsNameIsFound) {
    Root root;
    with_version_2(root, "/a:b");
    root.file("/sys/fs/cgroup/a:b/cpu.max", "200000 100000\n")
        .file("/sys/fs/cgroup/a:b/pids.max", "7\n")
        .file("/sys/fs/cgroup/a:b/memory.max", "max\n");
    EXPECT_EQ(quota(root), 2);
    EXPECT_EQ(process_limit(root.path()), 7U);
    EXPECT_EQ(memory_limit(root.path()), std::nullopt);
}

}  // namespace
