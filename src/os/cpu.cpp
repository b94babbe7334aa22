#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include <procpool/cpu.hpp>

#include "os/cpu_files.hpp"
#include "os/fd.hpp"

namespace procpool {
namespace os {
namespace {

/// More CPUs than any machine has: a bound for lists that may be damaged.
constexpr int most_cpus = 1 << 20;

std::optional<std::string> contents(const std::string& path) {
    for (std::string text(4096, '\0');; text.resize(2 * text.size())) {
        const long length = read_file(path.c_str(), text.data(), text.size());
        if (length < 0) return std::nullopt;
        if (static_cast<std::size_t>(length) < text.size()) {
            text.resize(static_cast<std::size_t>(length));
            return text;
        }
    }
}

/// The parts of a text between separators; an empty one behind the last separator is left out.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    const auto end = text.find_last_not_of(" \n\t");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

bool lists(std::string_view text, std::string_view wanted) {
    const auto parts = split(text, ',');
    return std::ranges::find(parts, wanted) != parts.end();
}

// ---- Quotas ------------------------------------------------------------------------------------

/// Microseconds of CPU time in microseconds of time, as CPUs.
std::optional<int> cpus_for(std::optional<long long> quota, std::optional<long long> period) {
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    const long long cpus = *quota / *period + (*quota % *period != 0 ? 1 : 0);
    return static_cast<int>(std::min<long long>(cpus, std::numeric_limits<int>::max()));
}

std::optional<long long> number_in(const std::string& path) {
    const auto text = contents(path);
    return text ? number<long long>(trimmed(*text)) : std::nullopt;
}

std::optional<int> quota_of_group(const std::string& directory, bool version_2) {
    if (!version_2) {
        return cpus_for(number_in(directory + "/cpu.cfs_quota_us"),
                        number_in(directory + "/cpu.cfs_period_us"));
    }
    const auto text = contents(directory + "/cpu.max");  // "50000 100000" or "max 100000"
    if (!text) return std::nullopt;
    const auto parts = split(trimmed(*text), ' ');
    if (parts.size() != 2) return std::nullopt;
    return cpus_for(number<long long>(parts[0]), number<long long>(parts[1]));
}

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

/// A mounted hierarchy of control groups that can limit CPU time.
struct Hierarchy {
    std::string mounted_group;  // the group that the mount point shows
    std::string mount_point;
    bool version_2 = false;
};

// 36 35 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
std::optional<Hierarchy> hierarchy_of(std::string_view mount) {
    const auto separator = mount.find(" - ");
    if (separator == std::string_view::npos) return std::nullopt;
    const auto fields = split(mount.substr(0, separator), ' ');
    const auto type = split(mount.substr(separator + 3), ' ');
    if (fields.size() < 5 || type.size() < 3) return std::nullopt;
    const bool version_2 = type[0] == "cgroup2";
    if (!version_2 && (type[0] != "cgroup" || !lists(type[2], "cpu"))) return std::nullopt;
    return Hierarchy{unescaped(fields[3]), unescaped(fields[4]), version_2};
}

/// The group of this process in a hierarchy, from /proc/self/cgroup: "0::/a/b", or
/// "4:cpu,cpuacct:/a/b".
std::optional<std::string> group_in(const std::string& groups, bool version_2) {
    for (const auto line : split(groups, '\n')) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) continue;
        const auto controllers = line.substr(first + 1, second - first - 1);
        if (version_2 ? line.substr(0, first) == "0" && controllers.empty()
                      : lists(controllers, "cpu")) {
            return std::string(line.substr(second + 1));
        }
    }
    return std::nullopt;
}

/// Where below the mount point the group is; none when the mount does not show it.
std::optional<std::string> path_below(const Hierarchy& hierarchy, const std::string& group) {
    if (group.starts_with("/.."))
        return "";  // outside of the namespace: its root is what is to be seen
    if (hierarchy.mounted_group == "/") return group == "/" ? "" : group;
    if (group == hierarchy.mounted_group) return "";
    if (group.starts_with(hierarchy.mounted_group + "/"))
        return group.substr(hierarchy.mounted_group.size());
    return std::nullopt;
}

}  // namespace

std::vector<int> parse_cpu_list(const std::string& text) {
    std::vector<int> cpus;
    for (const auto part : split(trimmed(text), ',')) {
        const auto dash = part.find('-');
        const auto first = number<int>(part.substr(0, dash));
        const auto last =
            dash == std::string_view::npos ? first : number<int>(part.substr(dash + 1));
        if (!first || !last || *first < 0 || *last < *first || *last >= most_cpus) return {};
        for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    }
    return cpus;
}

std::optional<int> quota_cpus(const std::string& root) {
    const auto groups = contents(root + "/proc/self/cgroup");
    const auto mounts = contents(root + "/proc/self/mountinfo");
    if (!groups || !mounts) return std::nullopt;

    std::optional<int> least;
    for (const auto mount : split(*mounts, '\n')) {
        const auto hierarchy = hierarchy_of(mount);
        if (!hierarchy) continue;
        const auto group = group_in(*groups, hierarchy->version_2);
        if (!group) continue;
        auto below = path_below(*hierarchy, *group);
        while (below) {
            const auto cpus =
                quota_of_group(root + hierarchy->mount_point + *below, hierarchy->version_2);
            if (cpus && (!least || *cpus < *least)) least = cpus;
            if (below->empty()) break;
            below->resize(below->rfind('/') == std::string::npos ? 0 : below->rfind('/'));
        }
    }
    return least;
}

std::vector<int> online_cpus(const std::string& root) {
    const auto text = contents(root + "/sys/devices/system/cpu/online");
    return text ? parse_cpu_list(*text) : std::vector<int>{};
}

std::vector<std::vector<int>> cores_of(const std::string& root, const std::vector<int>& cpus) {
    std::vector<std::vector<int>> cores;
    std::set<int> seen;
    for (const int cpu : cpus) {
        if (!seen.insert(cpu).second) continue;
        std::vector<int>& core = cores.emplace_back(std::vector<int>{cpu});
        const std::string topology =
            root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
        auto siblings = contents(topology + "core_cpus_list");
        if (!siblings)
            siblings = contents(topology + "thread_siblings_list");  // its name before Linux 5.3
        if (!siblings) continue;
        for (const int sibling : parse_cpu_list(*siblings)) {
            if (std::find(cpus.begin(), cpus.end(), sibling) != cpus.end() &&
                seen.insert(sibling).second)
                core.push_back(sibling);
        }
    }
    return cores;
}

std::vector<int> one_per_core_first(const std::vector<std::vector<int>>& cores) {
    std::vector<int> order;
    for (std::size_t turn = 0, added = 1; added != 0; ++turn) {
        added = 0;
        for (const auto& core : cores) {
            if (turn >= core.size()) continue;
            order.push_back(core[turn]);
            ++added;
        }
    }
    return order;
}

namespace {

/// The CPUs on which the calling thread may run; empty when the kernel does not tell.
std::vector<int> cpus_by_affinity() {
    for (std::size_t sets = 1; sets * CPU_SETSIZE <= most_cpus; sets *= 2) {
        std::vector<cpu_set_t> mask(sets);
        const std::size_t bytes = sets * sizeof(cpu_set_t);
        if (::sched_getaffinity(0, bytes, mask.data()) == 0) {
            std::vector<int> cpus;
            for (std::size_t cpu = 0; cpu < 8 * bytes; ++cpu) {
                if (CPU_ISSET_S(cpu, bytes, mask.data())) cpus.push_back(static_cast<int>(cpu));
            }
            return cpus;
        }
        if (errno != EINVAL) break;  // EINVAL: the machine has more CPUs than the mask
    }
    return {};
}

}  // namespace

std::vector<int> cpus_to_bind() { return one_per_core_first(cores_of("", cpus_by_affinity())); }

}  // namespace os

int usable_cpus() {
    const int allowed = static_cast<int>(os::cpus_by_affinity().size());
    const int cpus = allowed > 0 ? allowed : logical_cpus();
    return std::max(1, std::min(cpus, os::quota_cpus("").value_or(cpus)));
}

int logical_cpus() {
    if (const auto online = os::online_cpus(""); !online.empty())
        return static_cast<int>(online.size());
    return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

int physical_cores() {
    const auto online = os::online_cpus("");
    return online.empty() ? logical_cpus() : static_cast<int>(os::cores_of("", online).size());
}

}  // namespace procpool
