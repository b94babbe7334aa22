// procpool_test: LINK cli
// What `procpool info` finds out, on machines that are made of files or of a description.

#include "machine.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "os/root.hpp"
#include "support/text.hpp"
#include "topology.hpp"

namespace {

using fixture::Root;
using procpool::cli::Cpus;
using procpool::cli::Limit;
using procpool::cli::look_at_cpus;
using procpool::cli::topology_by_hwloc;
using support::contains;

/// CPUs 0 and 2 are threads of one core, 1 and 3 of another.
void with_hyperthreads(Root& root) {
    root.file("/sys/devices/system/cpu/online", "0-3\n");
    for (const int cpu : {0, 1, 2, 3}) {
        root.file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/core_cpus_list",
                  cpu % 2 == 0 ? "0,2\n" : "1,3\n");
    }
}

const Limit& limit_named(const std::vector<Limit>& limits, const std::string& name) {
    return *std::ranges::find(limits, name, &Limit::name);
}

// How many workers, and why.

TEST(InfoCpus, AreAllThatAreOnlineWhenNothingTakesOneAway) {
    Root root;
    root.file("/sys/devices/system/cpu/online", "0-3\n");
    const Cpus cpus = look_at_cpus(root.path(), {0, 1, 2, 3});
    EXPECT_EQ(cpus.usable(), 4);
    EXPECT_TRUE(contains(cpus.why(), "all 4 CPUs"));
}

TEST(InfoCpus, AreFewerByAnAffinityMask) {
    Root root;
    root.file("/sys/devices/system/cpu/online", "0-3\n");
    const Cpus cpus = look_at_cpus(root.path(), {1, 2});
    EXPECT_EQ(cpus.usable(), 2);
    EXPECT_TRUE(contains(cpus.why(), "affinity mask (taskset, cpuset) allows 2 of 4 CPUs"));
}

TEST(InfoCpus, AreFewerByAQuota) {
    Root root;
    with_version_2(root, "/a/b");
    root.file("/sys/devices/system/cpu/online", "0-7\n")
        .file("/sys/fs/cgroup/a/cpu.max", "250000 100000\n");
    const Cpus cpus = look_at_cpus(root.path(), {0, 1, 2, 3});
    EXPECT_EQ(cpus.usable(), 3);
    EXPECT_TRUE(contains(cpus.why(), "quota of the control group is worth 3 CPUs, of 4"));
}

TEST(InfoCpus, AQuotaAboveTheMaskChangesNothing) {
    Root root;
    with_version_2(root, "/a");
    root.file("/sys/devices/system/cpu/online", "0-7\n")
        .file("/sys/fs/cgroup/a/cpu.max", "600000 100000\n");
    const Cpus cpus = look_at_cpus(root.path(), {0, 1});
    EXPECT_EQ(cpus.usable(), 2);
    EXPECT_TRUE(contains(cpus.why(), "affinity"));
}

TEST(InfoCpus, AreAtLeastOneWhateverCannotBeRead) {
    const Root root;
    EXPECT_EQ(look_at_cpus(root.path(), {}).usable(), 1);
}

// "But my CPU core has two threads."

TEST(InfoThreads, OfOneCoreAreSaidToShareIt) {
    Root root;
    with_hyperthreads(root);
    const Cpus cpus = look_at_cpus(root.path(), {0, 1, 2, 3});
    EXPECT_EQ(cpus.cores.size(), 2);
    EXPECT_EQ(cpus.topology.cores, 2);
    EXPECT_EQ(cpus.topology.cpus, 4);
    EXPECT_TRUE(contains(cpus.about_threads(), "4 CPUs are hardware threads of 2 cores"));
}

TEST(InfoThreads, OfDifferentCoresAreSaidToBeCores) {
    Root root;
    with_hyperthreads(root);
    EXPECT_TRUE(contains(look_at_cpus(root.path(), {0, 1}).about_threads(), "a core of its own"));
    EXPECT_TRUE(contains(look_at_cpus(root.path(), {0, 2}).about_threads(),
                         "2 CPUs are hardware threads of 1 core"));
}

TEST(InfoTopology, OfASyntheticMachineIsWhatItIsMadeOf) {
    if (!topology_by_hwloc()) {
        GTEST_SKIP() << "built without hwloc";
    }
    const auto big = topology_by_hwloc("package:2 numa:2 core:4 pu:2").value();
    EXPECT_EQ(big.packages, 2);
    EXPECT_EQ(big.numa_nodes, 4);
    EXPECT_EQ(big.cores, 16);
    EXPECT_EQ(big.cpus, 32);
    const auto small = topology_by_hwloc("core:1 pu:1").value();
    EXPECT_EQ(small.cores, 1);
    EXPECT_EQ(small.cpus, 1);
}

TEST(InfoTopology, OfASyntheticMachineDecidesWhatIsSaidOfItsThreads) {
    if (!topology_by_hwloc()) {
        GTEST_SKIP() << "built without hwloc";
    }
    const Root root;
    const auto about = [&](const char* machine, const std::vector<int>& allowed) {
        return look_at_cpus(root.path(), allowed, topology_by_hwloc(machine)).about_threads();
    };
    EXPECT_TRUE(contains(about("package:1 core:4 pu:2", {0, 1, 2, 3}),
                         "4 CPUs are hardware threads of 2 cores"));
    EXPECT_TRUE(contains(about("package:1 core:4 pu:2", {0, 2, 4}), "a core of its own"));
    EXPECT_TRUE(contains(about("package:2 core:4 pu:1", {0, 1, 2, 3}), "a core of its own"));
    EXPECT_TRUE(
        contains(about("core:1 pu:4", {0, 1, 2, 3}), "4 CPUs are hardware threads of 1 core"));
    EXPECT_EQ(about("core:1 pu:1", {5}), "the system does not tell");
}

TEST(InfoTopology, ThatMakesNoSenseIsNone) { EXPECT_FALSE(topology_by_hwloc("package:x")); }

// Limits.

TEST(InfoLimits, OfControlGroupsOfVersion2AreTheLeastOnTheWayUp) {
    Root root;
    with_version_2(root, "/a/b");
    root.file("/sys/fs/cgroup/a/b/memory.max", "max\n")
        .file("/sys/fs/cgroup/a/memory.max", "1073741824\n")
        .file("/sys/fs/cgroup/a/b/pids.max", "500\n")
        .file("/sys/fs/cgroup/a/pids.max", "100\n");
    const auto limits = procpool::cli::look_at_limits(root.path());
    EXPECT_EQ(limit_named(limits, "memory of the control group").value, 1073741824U);
    EXPECT_EQ(limit_named(limits, "processes of the control group").value, 100U);
}

TEST(InfoLimits, OfControlGroupsOfVersion1AreReadToo) {
    Root root;
    with_version_1(root, "/docker/x");  // its memory is bounded by /other
    root.file("/sys/fs/cgroup/memory/other/memory.limit_in_bytes", "524288000\n")
        .file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    const auto limits = procpool::cli::look_at_limits(root.path());
    EXPECT_EQ(limit_named(limits, "memory of the control group").value, 524288000U);
}

TEST(InfoLimits, ThatAreNotSetAreNone) {
    Root root;
    with_version_1(root, "/docker/x");
    root.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    const auto limits = procpool::cli::look_at_limits(root.path());
    const Limit& memory = limit_named(limits, "memory of the control group");
    EXPECT_EQ(memory.value, std::nullopt);
    EXPECT_EQ(limit_text(memory), "no limit");
}

TEST(InfoLimits, OfTheSystemAreReadFromItsFiles) {
    Root root;
    root.file("/proc/sys/kernel/pid_max", "4194304\n")
        .file("/proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n");
    const auto limits = procpool::cli::look_at_limits(root.path());
    EXPECT_EQ(limit_text(limit_named(limits, "processes of the system")), "4,194,304 processes");
    EXPECT_EQ(procpool::cli::core_pattern(root.path()), "|/usr/lib/systemd/systemd-coredump %P");
    EXPECT_EQ(procpool::cli::core_pattern("/nonexistent"), "");
}

TEST(InfoLimits, AreWrittenInUnitsThatCanBeRead) {
    const auto bytes = [](std::uint64_t value) {
        return procpool::cli::limit_text(
            {.name = "", .value = value, .unit = "bytes", .meaning = ""});
    };
    EXPECT_EQ(bytes(0), "0 bytes");
    EXPECT_EQ(bytes(1023), "1023 bytes");
    EXPECT_EQ(bytes(1536), "1.5 KiB");
    EXPECT_EQ(bytes(std::uint64_t{1} << 34), "16 GiB");
}

TEST(InfoText, ListsCpusInRanges) {
    EXPECT_EQ(procpool::cli::list_text({}), "");
    EXPECT_EQ(procpool::cli::list_text({5}), "5");
    EXPECT_EQ(procpool::cli::list_text({0, 1, 2, 7, 9, 10}), "0-2,7,9-10");
}

}  // namespace
