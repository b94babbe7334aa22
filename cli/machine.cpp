#include "machine.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <sys/resource.h>

#include <fmt/format.h>

#include "os/cgroup.hpp"
#include "os/cpus.hpp"
#include "os/file.hpp"
#include "os/text.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

std::optional<std::uint64_t> resource_limit(__rlimit_resource_t resource) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::nullopt;
    }
    return limit.rlim_cur;
}

/// The least of what this process's control groups say.
std::optional<std::uint64_t> group_limit(const std::string& root, const std::string& controller,
                                         const std::string& file_1, const std::string& file_2) {
    constexpr long long none = 1LL << 62;  // version 1 writes a number near 2^63
    std::optional<std::uint64_t> least;
    for (const auto& group : os::control_groups(root, controller)) {
        const auto value =
            os::number_in(group.directory + '/' + (group.version_2 ? file_2 : file_1));
        if (!value || *value < 0 || *value >= none) {
            continue;
        }
        const auto limit = static_cast<std::uint64_t>(*value);
        if (!least || limit < *least) {
            least = limit;
        }
    }
    return least;
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"bytes", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < units.size(); ++unit) {
        value /= 1024;
    }
    return fmt::format("{:.4g} {}", value, units.at(unit));
}

std::string counted(std::size_t number, const char* noun) { return tool::counted(number, noun); }
std::string counted(int number, const char* noun) {
    return tool::counted(static_cast<std::uint64_t>(number), noun);
}

/// The cores that these CPUs belong to, with these CPUs only.
std::vector<std::vector<int>> cores_of(const std::vector<int>& cpus, const Topology& topology) {
    std::vector<std::vector<int>> cores;
    for (const std::vector<int>& core : topology.cpus_of_cores) {
        std::vector<int> among;
        std::ranges::copy_if(core, std::back_inserter(among),
                             [&](int cpu) { return std::ranges::find(cpus, cpu) != cpus.end(); });
        if (!among.empty()) {
            cores.push_back(std::move(among));
        }
    }
    return cores;
}

}  // namespace

int Cpus::usable() const {
    const int by_affinity = allowed.empty() ? online : static_cast<int>(allowed.size());
    return std::max(1, std::min(by_affinity, quota.value_or(by_affinity)));
}

std::string Cpus::why() const {
    const int by_affinity = allowed.empty() ? online : static_cast<int>(allowed.size());
    if (quota && *quota < by_affinity) {
        return fmt::format("the quota of the control group is worth {}, of {} that are allowed",
                           counted(*quota, "CPU"), by_affinity);
    }
    if (by_affinity < online) {
        return fmt::format("the affinity mask (taskset, cpuset) allows {} of {}", by_affinity,
                           counted(online, "CPU"));
    }
    return fmt::format("all {} that {} online; no mask and no quota takes one away",
                       counted(online, "CPU"), online == 1 ? "is" : "are");
}

std::string Cpus::about_threads() const {
    const std::size_t core_count = cores.size();
    if (core_count == 0) {
        return "the system does not tell";
    }
    std::size_t cpu_count = 0;
    for (const std::vector<int>& core : cores) {
        cpu_count += core.size();
    }
    if (cpu_count <= core_count) {
        return "every CPU is a core of its own: workers that compute do not share one";
    }
    return fmt::format(
        "{} are hardware threads of {}: two on a core share what computes, so that computing gains "
        "little beyond {}, waiting gains from all",
        counted(cpu_count, "CPU"), counted(core_count, "core"), counted(core_count, "worker"));
}

Cpus look_at_cpus(const std::string& root, const std::vector<int>& allowed,
                  std::optional<Topology> topology) {
    Cpus cpus{.allowed = allowed, .quota = os::quota_cpus(root)};
    const auto online = os::online_cpus(root);
    cpus.online = static_cast<int>(std::max(online.size(), allowed.size()));
    if (topology) {
        cpus.cores = cores_of(allowed, *topology);
        cpus.topology = *std::move(topology);
        return cpus;
    }
    cpus.cores = os::cores_of(root, allowed);
    cpus.topology = {.cores = static_cast<int>(os::cores_of(root, online).size()),
                     .cpus = static_cast<int>(online.size()),
                     .source = "/sys"};
    return cpus;
}

std::vector<Limit> look_at_limits(const std::string& root) {
    const auto file = [&](const std::string& path) -> std::optional<std::uint64_t> {
        const auto value = os::number_in(root + path);
        if (!value || *value < 0) {
            return std::nullopt;
        }
        return static_cast<std::uint64_t>(*value);
    };
    return {
        {.name = "processes of this user",
         .value = resource_limit(RLIMIT_NPROC),
         .unit = "processes",
         .meaning =
             "a pool of n has n + 1, or one more as a spare; does not bind root (ulimit -u)"},
        {.name = "processes of the control group",
         .value = group_limit(root, "pids", "pids.max", "pids.max"),
         .unit = "processes",
         .meaning = "threads count as well (pids.max)"},
        {.name = "processes of the system",
         .value = file("/proc/sys/kernel/pid_max"),
         .unit = "processes",
         .meaning = "of everybody together (kernel.pid_max)"},
        {.name = "open files",
         .value = resource_limit(RLIMIT_NOFILE),
         .unit = "files",
         .meaning = "the fork server keeps some for every worker (ulimit -n)"},
        {.name = "address space",
         .value = resource_limit(RLIMIT_AS),
         .unit = "bytes",
         .meaning = "a small one makes the shared region small (ulimit -v)"},
        {.name = "file size",
         .value = resource_limit(RLIMIT_FSIZE),
         .unit = "bytes",
         .meaning = "bounds the shared region, which is a file in memory (ulimit -f)"},
        {.name = "memory of the control group",
         .value = group_limit(root, "memory", "memory.limit_in_bytes", "memory.max"),
         .unit = "bytes",
         .meaning = "beyond it the kernel kills: a worker costs one item"},
        {.name = "core dump",
         .value = resource_limit(RLIMIT_CORE),
         .unit = "bytes",
         .meaning = "of a worker that crashes (ulimit -c)"},
    };
}

std::vector<int> cpus_by_affinity() {
    auto cpus = os::cpus_to_bind();
    std::ranges::sort(cpus);
    return cpus;
}

std::string core_pattern(const std::string& root) {
    const auto text = os::contents(root + "/proc/sys/kernel/core_pattern");
    return text ? std::string(os::trimmed(*text)) : "";
}

std::string list_text(const std::vector<int>& cpus) {
    std::string text;
    for (std::size_t i = 0; i < cpus.size();) {
        std::size_t last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) {
            ++last;
        }
        if (!text.empty()) {
            text += ',';
        }
        text += std::to_string(cpus[i]);
        if (last > i) {
            text += '-' + std::to_string(cpus[last]);
        }
        i = last + 1;
    }
    return text;
}

std::string limit_text(const Limit& limit) {
    if (!limit.value) {
        return "no limit";
    }
    return limit.unit == "bytes" ? bytes_text(*limit.value)
                                 : tool::grouped(*limit.value) + ' ' + limit.unit;
}

}  // namespace procpool::cli
