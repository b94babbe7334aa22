#include "os/cgroup.hpp"

#include <charconv>
#include <optional>

#include "os/file.hpp"
#include "os/text.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

namespace {

/// A path of /proc/self/mountinfo, where blanks are written as \040.
std::string unescaped(std::string_view text) {
    std::string path;
    for (std::size_t i = 0; i < text.size(); ++i) {
        int code = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 4, code, 8).ptr ==
                text.data() + i + 4) {
            path += static_cast<char>(code);
            i += 3;
        } else {
            path += text[i];
        }
    }
    return path;
}

/// A mounted hierarchy of control groups that has the controller.
struct Hierarchy {
    std::string mounted_group;  // the group that the mount point shows
    std::string mount_point;
    bool version_2 = false;
};

// 36 35 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
std::optional<Hierarchy> hierarchy_of(std::string_view mount, std::string_view controller) {
    const auto separator = mount.find(" - ");
    if (separator == std::string_view::npos) {
        return std::nullopt;
    }
    const auto fields = split(mount.substr(0, separator), ' ');
    const auto type = split(mount.substr(separator + 3), ' ');
    if (fields.size() < 5 || type.size() < 3) {
        return std::nullopt;
    }
    const bool version_2 = type[0] == "cgroup2";
    if (!version_2 && (type[0] != "cgroup" || !lists(type[2], controller))) {
        return std::nullopt;
    }
    return Hierarchy{unescaped(fields[3]), unescaped(fields[4]), version_2};
}

/// The group of this process in a hierarchy, from /proc/self/cgroup: "0::/a/b", or
/// "4:cpu,cpuacct:/a/b".
std::optional<std::string> group_in(const std::string& groups, bool version_2,
                                    std::string_view controller) {
    for (const auto line : split(groups, '\n')) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) {
            continue;
        }
        const auto controllers = line.substr(first + 1, second - first - 1);
        if (version_2 ? line.substr(0, first) == "0" && controllers.empty()
                      : lists(controllers, controller)) {
            return std::string(line.substr(second + 1));
        }
    }
    return std::nullopt;
}

/// Where below the mount point the group is; none when the mount does not show it.
std::optional<std::string> path_below(const Hierarchy& hierarchy, const std::string& group) {
    if (group.starts_with("/..")) {
        return "";  // outside of the namespace: its root is what is to be seen
    }
    if (hierarchy.mounted_group == "/") {
        return group == "/" ? "" : group;
    }
    if (group == hierarchy.mounted_group) {
        return "";
    }
    if (group.starts_with(hierarchy.mounted_group + "/")) {
        return group.substr(hierarchy.mounted_group.size());
    }
    return std::nullopt;
}

}  // namespace

std::vector<ControlGroup> control_groups(const std::string& root, std::string_view controller) {
    const auto groups = contents(root + "/proc/self/cgroup");
    const auto mounts = contents(root + "/proc/self/mountinfo");
    if (!groups || !mounts) {
        return {};
    }

    std::vector<ControlGroup> all;
    for (const auto mount : split(*mounts, '\n')) {
        const auto hierarchy = hierarchy_of(mount, controller);
        if (!hierarchy) {
            continue;
        }
        const auto group = group_in(*groups, hierarchy->version_2, controller);
        if (!group) {
            continue;
        }
        auto below = path_below(*hierarchy, *group);
        while (below) {
            all.push_back({root + hierarchy->mount_point + *below, hierarchy->version_2});
            if (below->empty()) {
                break;
            }
            below->resize(below->rfind('/') == std::string::npos ? 0 : below->rfind('/'));
        }
    }
    return all;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
