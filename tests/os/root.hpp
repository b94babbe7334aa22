#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

/// A machine as its files in /proc and /sys tell of it.
namespace fixture {

/// A directory that stands for "/", gone with the test.
class Root {
public:
    Root() : path_(testing::TempDir() + "procpool-cpu-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) {
            throw std::runtime_error("no temporary directory");
        }
    }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    ~Root() { std::filesystem::remove_all(path_); }

    Root& file(const std::string& path, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(path_ + path).parent_path());
        std::ofstream(path_ + path) << text;
        return *this;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline constexpr const char* other_mounts =
    "21 26 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "26 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";

/// A machine with version 2 in which this process is in `group`.
inline void with_version_2(Root& root, const std::string& group) {
    root.file("/proc/self/cgroup", "0::" + group + "\n")
        .file("/proc/self/mountinfo",
              other_mounts +
                  std::string("30 21 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 "
                              "rw,nsdelegate\n"));
}

inline void with_version_1(Root& root, const std::string& group,
                           const std::string& mounted_group = "/") {
    root.file("/proc/self/cgroup", "5:memory:/other\n4:cpu,cpuacct:" + group + "\n0::/init.scope\n")
        .file(
            "/proc/self/mountinfo",
            other_mounts +
                std::string("31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                            "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n") +
                "36 35 0:30 " + mounted_group +
                " /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n");
}

}  // namespace fixture
