#include "control_groups.hpp"

#include <algorithm>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "tool/file.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

/// A control group, as the directory of its files.
struct ControlGroup {
    std::string directory;
    bool version_2;
};

bool has_word(std::string_view list, std::string_view word) {
    const auto words = tool::split(list, ",");
    return std::ranges::find(words, word) != words.end();
}

/// A path of /proc/self/mountinfo, where a blank is written \040.
std::string unescaped(std::string_view text) {
    constexpr std::size_t digits = 3;
    std::string path;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto code =
            tool::whole_number<int>(text.substr(std::min(at + 1, text.size()), digits), 8);
        if (text[at] == '\\' && code && at + digits < text.size()) {
            path += static_cast<char>(*code);
            at += digits;
        } else {
            path += text[at];
        }
    }
    return path;
}

/// A mounted hierarchy of control groups.
struct Hierarchy {
    std::string mount_point;
    std::string top;  // the group that the mount point shows
    bool version_2;
};

// 36 35 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
std::optional<Hierarchy> hierarchy_at(const std::string& mount, std::string_view controller) {
    std::istringstream words(mount);
    std::string skipped;
    std::string top;
    std::string mount_point;
    words >> skipped >> skipped >> skipped >> top >> mount_point;
    while (words >> skipped && skipped != "-") {
    }
    std::string type;
    std::string options;
    words >> type >> skipped >> options;
    if (!words || (type != "cgroup2" && !(type == "cgroup" && has_word(options, controller)))) {
        return std::nullopt;
    }
    return Hierarchy{unescaped(mount_point), unescaped(top), type == "cgroup2"};
}

/// The group of this process, from /proc/self/cgroup: "0::/a/b", in version 1 "4:cpu,cpuacct:/a/b".
std::optional<std::string> own_group(std::string_view groups, bool version_2,
                                     std::string_view controller) {
    for (const auto line : tool::split(groups, "\n")) {
        const auto fields = tool::split(line, ":");
        if (fields.size() < 3) {
            continue;
        }
        if (version_2 ? fields[0] == "0" && fields[1].empty() : has_word(fields[1], controller)) {
            return std::string(line.substr(fields[0].size() + fields[1].size() + 2));
        }
    }
    return std::nullopt;
}

/// The path of a group below the mount point. None when the mount does not show the group.
std::optional<std::string> path_below(const Hierarchy& hierarchy, const std::string& group) {
    const bool outside = group.starts_with("/..");  // of the namespace, whose root is shown instead
    if (outside || group == hierarchy.top) {
        return "";
    }
    if (hierarchy.top == "/") {
        return group;
    }
    if (group.starts_with(hierarchy.top + "/")) {
        return group.substr(hierarchy.top.size());
    }
    return std::nullopt;
}

/// The groups that bound what this process may have of a controller: in each hierarchy its own,
/// then those above.
std::vector<ControlGroup> control_groups(const std::string& root, std::string_view controller) {
    const auto groups = tool::contents(root + "/proc/self/cgroup");
    std::istringstream mounts(tool::contents(root + "/proc/self/mountinfo").value_or(""));
    std::vector<ControlGroup> all;
    for (std::string mount; groups && std::getline(mounts, mount);) {
        const auto hierarchy = hierarchy_at(mount, controller);
        const auto group =
            hierarchy ? own_group(*groups, hierarchy->version_2, controller) : std::nullopt;
        auto path = group ? path_below(*hierarchy, *group) : std::nullopt;
        while (path) {
            all.push_back({root + hierarchy->mount_point + *path, hierarchy->version_2});
            if (path->empty()) {
                break;
            }
            const auto slash = path->rfind('/');
            path->resize(slash == std::string::npos ? 0 : slash);
        }
    }
    return all;
}

std::optional<long long> number_of(std::string_view text) {
    return tool::whole_number<long long>(tool::trimmed(text));
}

std::optional<long long> number_in(const std::string& file) {
    return number_of(tool::contents(file).value_or(""));
}

/// The CPUs for which a quota of time suffices, in a period: both in microseconds.
std::optional<int> cpus_for(std::optional<long long> quota, std::optional<long long> period) {
    if (!quota || !period || *quota <= 0 || *period <= 0) {
        return std::nullopt;
    }
    const long long cpus = *quota / *period + (*quota % *period != 0 ? 1 : 0);
    return static_cast<int>(std::min<long long>(cpus, std::numeric_limits<int>::max()));
}

std::optional<int> quota_of(const ControlGroup& group) {
    if (!group.version_2) {
        return cpus_for(number_in(group.directory + "/cpu.cfs_quota_us"),
                        number_in(group.directory + "/cpu.cfs_period_us"));
    }
    const auto text = tool::contents(group.directory + "/cpu.max");  // "50000 100000", "max 100000"
    const auto numbers = tool::split(text.value_or(""), " ");
    return numbers.size() == 2 ? cpus_for(number_of(numbers[0]), number_of(numbers[1]))
                               : std::nullopt;
}

std::optional<std::uint64_t> limit_of(const ControlGroup& group, const std::string& file) {
    constexpr long long none = 1LL << 62;  // version 1 writes a number near 2^63
    const auto number = number_in(group.directory + '/' + file);
    if (!number || *number < 0 || *number >= none) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(*number);
}

/// The least value that there is.
template <class Value>
void take_least(std::optional<Value>& least, const std::optional<Value>& value) {
    if (value && (!least || *value < *least)) {
        least = value;
    }
}

}  // namespace

std::optional<int> cpu_quota(const std::string& root) {
    std::optional<int> least;
    for (const ControlGroup& group : control_groups(root, "cpu")) {
        take_least(least, quota_of(group));
    }
    return least;
}

std::optional<std::uint64_t> process_limit(const std::string& root) {
    std::optional<std::uint64_t> least;
    for (const ControlGroup& group : control_groups(root, "pids")) {
        take_least(least, limit_of(group, "pids.max"));
    }
    return least;
}

std::optional<std::uint64_t> memory_limit(const std::string& root) {
    std::optional<std::uint64_t> least;
    for (const ControlGroup& group : control_groups(root, "memory")) {
        take_least(least,
                   limit_of(group, group.version_2 ? "memory.max" : "memory.limit_in_bytes"));
    }
    return least;
}

}  // namespace procpool::cli
