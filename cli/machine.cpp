#include "machine.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <sys/resource.h>

#include <fmt/format.h>

#include "control_groups.hpp"
#include "cpu_files.hpp"
#include "tool/file.hpp"
#include "tool/limits.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

/// What a file says, without the line end. Empty when it cannot be read.
std::string text_of(const std::string& file) {
    return std::string(tool::trimmed(tool::contents(file).value_or("")));
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

/// The cores that these CPUs belong to, with these CPUs only.
std::vector<std::vector<int>> cores_in(const Topology& topology, const std::vector<int>& cpus) {
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
                           tool::counted(*quota, "CPU"), by_affinity);
    }
    if (by_affinity < online) {
        return fmt::format("the affinity mask (taskset, cpuset) allows {} of {}", by_affinity,
                           tool::counted(online, "CPU"));
    }
    return fmt::format("all {} that {} online; no mask and no quota takes one away",
                       tool::counted(online, "CPU"), online == 1 ? "is" : "are");
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
        tool::counted(cpu_count, "CPU"), tool::counted(core_count, "core"),
        tool::counted(core_count, "worker"));
}

Cpus look_at_cpus(const std::string& root, const std::vector<int>& allowed,
                  std::optional<Topology> topology) {
    Cpus cpus{.allowed = allowed, .quota = cpu_quota(root)};
    const auto online = online_cpus(root);
    cpus.online = static_cast<int>(std::max(online.size(), allowed.size()));
    if (topology) {
        cpus.cores = cores_in(*topology, allowed);
        cpus.topology = *std::move(topology);
        return cpus;
    }
    cpus.cores = cores_of(root, allowed);
    cpus.topology = {.cores = static_cast<int>(cores_of(root, online).size()),
                     .cpus = static_cast<int>(online.size()),
                     .source = "/sys"};
    return cpus;
}

std::vector<Limit> look_at_limits(const std::string& root) {
    const std::string most_pids = text_of(root + "/proc/sys/kernel/pid_max");
    return {
        {.name = "processes of this user",
         .value = tool::resource_limit(RLIMIT_NPROC),
         .unit = "processes",
         .meaning =
             "a pool of n has n + 1, or one more as a spare; does not bind root (ulimit -u)"},
        {.name = "processes of the control group",
         .value = process_limit(root),
         .unit = "processes",
         .meaning = "threads count as well (pids.max)"},
        {.name = "processes of the system",
         .value = tool::whole_number<std::uint64_t>(most_pids),
         .unit = "processes",
         .meaning = "of everybody together (kernel.pid_max)"},
        {.name = "open files",
         .value = tool::resource_limit(RLIMIT_NOFILE),
         .unit = "files",
         .meaning = "the fork server keeps some for every worker (ulimit -n)"},
        {.name = "address space",
         .value = tool::resource_limit(RLIMIT_AS),
         .unit = "bytes",
         .meaning = "a small one makes the shared region small (ulimit -v)"},
        {.name = "file size",
         .value = tool::resource_limit(RLIMIT_FSIZE),
         .unit = "bytes",
         .meaning = "bounds the shared region, which is a file in memory (ulimit -f)"},
        {.name = "memory of the control group",
         .value = memory_limit(root),
         .unit = "bytes",
         .meaning = "beyond it the kernel kills: a worker costs one item"},
        {.name = "core dump",
         .value = tool::resource_limit(RLIMIT_CORE),
         .unit = "bytes",
         .meaning = "of a worker that crashes (ulimit -c)"},
    };
}

std::string core_pattern(const std::string& root) {
    return text_of(root + "/proc/sys/kernel/core_pattern");
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
