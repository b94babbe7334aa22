#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <sched.h>

#include <gtest/gtest.h>

#include <procpool/cpu.hpp>

#include "os/cpus.hpp"
#include "os/root.hpp"
#include "support/lists.hpp"

namespace {

using fixture::other_mounts;
using fixture::Root;
using fixture::with_version_1;
using fixture::with_version_2;
using procpool::os::cores_of;
using procpool::os::one_per_core_first;
using procpool::os::online_cpus;
using procpool::os::parse_cpu_list;
using procpool::os::quota_cpus;
using support::listed;

TEST(CpuQuota, ThereIsNoneWithoutTheFiles) {
    const Root root;
    EXPECT_EQ(quota_cpus(root.path()), std::nullopt);
}

TEST(CpuQuota, ThereIsNoneWhereNoneIsSet) {
    Root root;
    with_version_2(root, "/user.slice");
    root.file("/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
    EXPECT_EQ(quota_cpus(root.path()), std::nullopt);
}

TEST(CpuQuota, IsRoundedUp) {
    for (const auto& [text, cpus] :
         {std::pair{"200000 100000\n", 2}, std::pair{"150000 100000\n", 2},
          std::pair{"1000 100000\n", 1}, std::pair{"100000 50000", 2}}) {
        Root root;
        with_version_2(root, "/a");
        root.file("/sys/fs/cgroup/a/cpu.max", text);
        EXPECT_EQ(quota_cpus(root.path()), cpus) << text;
    }
}

TEST(CpuQuota, TheLeastOnTheWayToTheRootCounts) {
    Root root;
    with_version_2(root, "/a/b/c");
    root.file("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n")
        .file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
        .file("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 3);
}

TEST(CpuQuota, InAContainerTheMountIsTheGroup) {
    Root root;
    with_version_2(root, "/");
    root.file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 4);
}

TEST(CpuQuota, AGroupOutsideOfTheNamespaceFallsBackToWhatIsMounted) {
    Root root;
    with_version_2(root, "/../../other");
    root.file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 4);
}

TEST(CpuQuota, OfVersion1IsReadToo) {
    Root root;
    with_version_1(root, "/docker/x");
    root.file("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n")
        .file("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n")
        .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n")
        .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 3);
}

TEST(CpuQuota, OfVersion1InAContainerIsWhereItsGroupIsMounted) {
    Root root;
    with_version_1(root, "/docker/x/task", "/docker/x");
    root.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n")
        .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 1);
}

TEST(CpuQuota, OfAGroupThatIsNotOursDoesNotCount) {
    Root root;
    with_version_1(root, "/docker/x", "/docker/xy");
    root.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n")
        .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota_cpus(root.path()), std::nullopt);
}

TEST(CpuQuota, AMountPointMayHaveABlank) {
    Root root;
    root.file("/proc/self/cgroup", "0::/a\n")
        .file("/proc/self/mountinfo", "30 21 0:26 / /my\\040groups rw - cgroup2 none rw\n")
        .file("/my groups/a/cpu.max", "200000 100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 2);
}

TEST(CpuQuota, ManyMountsAreReadToTheEnd) {
    Root root;
    std::string mounts;
    for (int i = 0; i < 2000; ++i) {
        mounts += other_mounts;
    }
    root.file("/proc/self/cgroup", "0::/a\n")
        .file("/proc/self/mountinfo",
              mounts + "30 21 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        .file("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
    EXPECT_EQ(quota_cpus(root.path()), 2);
}

TEST(CpuQuota, DamagedFilesAreNone) {
    for (const char* text :
         {"", "\n", "x", "100000", "-1 100000\n", "1 0\n", "0 100000", "max", "1 2 3", "9e9 1"}) {
        Root root;
        with_version_2(root, "/a");
        root.file("/sys/fs/cgroup/a/cpu.max", text);
        EXPECT_EQ(quota_cpus(root.path()), std::nullopt) << text;
    }
    for (const char* text :
         {"", "x\n", "30 21 0:26 / - cgroup2\n", " - \n", "- cgroup2 - cgroup2 x y\n"}) {
        Root root;
        root.file("/proc/self/cgroup", "0::/a\n:\n::\nx").file("/proc/self/mountinfo", text);
        EXPECT_EQ(quota_cpus(root.path()), std::nullopt) << text;
    }
}

TEST(CpuList, IsRangesAndNumbers) {
    EXPECT_EQ(parse_cpu_list("0\n"), listed(0));
    EXPECT_EQ(parse_cpu_list("0-2,5,7-8\n"), listed(0, 1, 2, 5, 7, 8));
}

TEST(CpuList, ADamagedOneIsEmpty) {
    for (const char* text :
         {"", "\n", "x", "3-1", "-1", "0-", "0-99999999999", "0-2000000", "0,,1", "1-2-3"}) {
        EXPECT_TRUE(parse_cpu_list(text).empty()) << text;
    }
}

TEST(CpuCores, HardwareThreadsOfACoreAreOneCore) {
    Root root;
    root.file("/sys/devices/system/cpu/online", "0-3\n");
    for (const char* cpu : {"0", "2"}) {
        root.file(std::string("/sys/devices/system/cpu/cpu") + cpu + "/topology/core_cpus_list",
                  "0,2\n");
    }
    for (const char* cpu : {"1", "3"}) {
        root.file(
            std::string("/sys/devices/system/cpu/cpu") + cpu + "/topology/thread_siblings_list",
            "1,3\n");
    }
    EXPECT_EQ(cores_of(root.path(), online_cpus(root.path())).size(), 2U);
}

TEST(CpuCores, WithoutTopologyEveryCpuIsACore) {
    Root root;
    root.file("/sys/devices/system/cpu/online", "0-3\n");
    EXPECT_EQ(cores_of(root.path(), online_cpus(root.path())).size(), 4U);
}

TEST(CpuCores, OfManyCpusAreCountedToTheEnd) {
    Root root;
    root.file("/sys/devices/system/cpu/online", "0-255\n");
    for (int cpu = 0; cpu < 128; ++cpu) {
        root.file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/core_cpus_list",
                  std::to_string(cpu) + "," + std::to_string(cpu + 128) + "\n");
    }
    EXPECT_EQ(cores_of(root.path(), online_cpus(root.path())).size(), 128U);
}

TEST(CpuCores, AreFilledOneCpuEachFirst) {
    EXPECT_EQ(one_per_core_first({{0, 4}, {1, 5}, {2}}), (std::vector<int>{0, 1, 2, 4, 5}));
}

TEST(CpuCores, HaveOnlyTheCpusThatAreAskedFor) {
    Root root;
    root.file("/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0,2\n");
    EXPECT_EQ(cores_of(root.path(), {0, 1}), (std::vector<std::vector<int>>{{0}, {1}}));
}

TEST(Cpu, OnThisMachineTheNumbersFitTogether) {
    EXPECT_GE(procpool::usable_cpus(), 1);
    EXPECT_GE(procpool::physical_cores(), 1);
    EXPECT_GE(procpool::logical_cpus(), procpool::physical_cores());
}

TEST(Cpu, UsableCpusRespectTheAffinityOfTheCallingThread) {
    std::thread([] {
        cpu_set_t mask;
        ASSERT_EQ(::sched_getaffinity(0, sizeof mask, &mask), 0);
        int first = 0;
        while (!CPU_ISSET(first, &mask)) {
            ++first;
        }
        CPU_ZERO(&mask);
        CPU_SET(first, &mask);
        ASSERT_EQ(::sched_setaffinity(0, sizeof mask, &mask), 0);
        EXPECT_EQ(procpool::usable_cpus(), 1);
    }).join();
}

}  // namespace
