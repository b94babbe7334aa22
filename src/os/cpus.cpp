#include "os/cpus.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/cgroup.hpp"
#include "os/file.hpp"
#include "os/text.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// More CPUs than any machine has: a bound for lists that may be damaged.
constexpr int most_cpus = 1 << 20;

using CpuMask = std::array<std::uint64_t, 128>;  // 8192 CPUs, as many as Linux knows

/// Microseconds of CPU time in microseconds of time, as CPUs.
std::optional<int> cpus_for(std::optional<long long> quota, std::optional<long long> period) {
    if (!quota || !period || *quota <= 0 || *period <= 0) {
        return std::nullopt;
    }
    const long long cpus = *quota / *period + (*quota % *period != 0 ? 1 : 0);
    return static_cast<int>(std::min<long long>(cpus, std::numeric_limits<int>::max()));
}

std::optional<int> quota_of(const ControlGroup& group) {
    const std::string& directory = group.directory;
    if (!group.version_2) {
        return cpus_for(number_in(directory + "/cpu.cfs_quota_us"),
                        number_in(directory + "/cpu.cfs_period_us"));
    }
    const auto text = contents(directory + "/cpu.max");  // "50000 100000" or "max 100000"
    if (!text) {
        return std::nullopt;
    }
    const auto parts = split(trimmed(*text), ' ');
    if (parts.size() != 2) {
        return std::nullopt;
    }
    return cpus_for(number<long long>(parts[0]), number<long long>(parts[1]));
}

}  // namespace

std::vector<int> parse_cpu_list(const std::string& text) {
    std::vector<int> cpus;
    for (const auto part : split(trimmed(text), ',')) {
        const auto dash = part.find('-');
        const auto first = number<int>(part.substr(0, dash));
        const auto last =
            dash == std::string_view::npos ? first : number<int>(part.substr(dash + 1));
        if (!first || !last || *first < 0 || *last < *first || *last >= most_cpus) {
            return {};
        }
        for (int cpu = *first; cpu <= *last; ++cpu) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

std::optional<int> quota_cpus(const std::string& root) {
    std::optional<int> least;
    for (const ControlGroup& group : control_groups(root, "cpu")) {
        const auto cpus = quota_of(group);
        if (cpus && (!least || *cpus < *least)) {
            least = cpus;
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
        if (!seen.insert(cpu).second) {
            continue;
        }
        std::vector<int>& core = cores.emplace_back(std::vector<int>{cpu});
        const std::string topology =
            root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
        auto siblings = contents(topology + "core_cpus_list");
        if (!siblings) {
            siblings = contents(topology + "thread_siblings_list");  // its name before Linux 5.3
        }
        if (!siblings) {
            continue;
        }
        for (const int sibling : parse_cpu_list(*siblings)) {
            if (std::find(cpus.begin(), cpus.end(), sibling) != cpus.end() &&
                seen.insert(sibling).second) {
                core.push_back(sibling);
            }
        }
    }
    return cores;
}

std::vector<int> one_per_core_first(const std::vector<std::vector<int>>& cores) {
    std::vector<int> order;
    for (std::size_t turn = 0, added = 1; added != 0; ++turn) {
        added = 0;
        for (const auto& core : cores) {
            if (turn >= core.size()) {
                continue;
            }
            order.push_back(core[turn]);
            ++added;
        }
    }
    return order;
}

std::vector<int> cpus_by_affinity() {
    for (std::size_t sets = 1; sets * CPU_SETSIZE <= most_cpus; sets *= 2) {
        std::vector<cpu_set_t> mask(sets);
        const std::size_t bytes = sets * sizeof(cpu_set_t);
        if (::sched_getaffinity(0, bytes, mask.data()) == 0) {
            std::vector<int> cpus;
            for (std::size_t cpu = 0; cpu < 8 * bytes; ++cpu) {
                if (CPU_ISSET_S(cpu, bytes, mask.data())) {
                    cpus.push_back(static_cast<int>(cpu));
                }
            }
            return cpus;
        }
        if (errno != EINVAL) {
            break;  // EINVAL: the machine has more CPUs than the mask
        }
    }
    return {};
}

std::vector<int> cpus_to_bind() { return one_per_core_first(cores_of("", cpus_by_affinity())); }

int usable_cpus() {
    const int allowed = static_cast<int>(cpus_by_affinity().size());
    const int cpus = allowed > 0 ? allowed : logical_cpus();
    return std::max(1, std::min(cpus, quota_cpus("").value_or(cpus)));
}

int logical_cpus() {
    if (const auto online = online_cpus(""); !online.empty()) {
        return static_cast<int>(online.size());
    }
    return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

int physical_cores() {
    const auto online = online_cpus("");
    return online.empty() ? logical_cpus() : static_cast<int>(cores_of("", online).size());
}

int own_cpu() noexcept { return ::sched_getcpu(); }

void leave_cpu(int cpu) noexcept {
    CpuMask allowed{};
    const auto place = static_cast<std::size_t>(cpu);
    if (cpu < 0 || place >= allowed.size() * 64 ||
        ::syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed.data()) <= 0) {
        return;
    }
    CpuMask others = allowed;
    others[place / 64] &= ~(std::uint64_t{1} << (place % 64));
    if (::syscall(SYS_sched_setaffinity, 0, sizeof others, others.data()) == 0) {
        ::syscall(SYS_sched_setaffinity, 0, sizeof allowed, allowed.data());
    }
}

void run_on(int cpu) noexcept {
    CpuMask only{};
    const auto place = static_cast<std::size_t>(cpu);
    if (cpu >= 0 && place < only.size() * 64) {
        only[place / 64] = std::uint64_t{1} << (place % 64);
        ::syscall(SYS_sched_setaffinity, 0, sizeof only, only.data());
    }
}

void yield() noexcept { ::sched_yield(); }

}  // namespace os
PROCPOOL_END_NAMESPACE
