#include "cpu_files.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <sched.h>

#include "tool/file.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

/// A list like "0-3,8"; empty when it is not one.
std::vector<int> cpu_list(std::string_view text) {
    constexpr int most = 1 << 20;  // more than any machine has, in case the file is damaged
    std::vector<int> cpus;
    for (const auto range : tool::split(tool::trimmed(text), ",")) {
        const auto ends = tool::split(range, "-");
        const auto first = tool::whole_number<int>(ends.front());
        const auto last = tool::whole_number<int>(ends.back());
        if (ends.size() > 2 || !first || !last || *first > *last || *last >= most) {
            return {};
        }
        for (int cpu = *first; cpu <= *last; ++cpu) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

/// The CPUs of the core of this one.
std::vector<int> siblings_of(const std::string& root, int cpu) {
    const std::string folder =
        root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    // The second name is that of kernels before Linux 5.3.
    for (const char* name : {"core_cpus_list", "thread_siblings_list"}) {
        if (const auto text = tool::contents(folder + name)) {
            return cpu_list(*text);
        }
    }
    return {};
}

}  // namespace

std::vector<int> online_cpus(const std::string& root) {
    return cpu_list(tool::contents(root + "/sys/devices/system/cpu/online").value_or(""));
}

std::vector<std::vector<int>> cores_of(const std::string& root, const std::vector<int>& cpus) {
    std::vector<std::vector<int>> cores;
    for (const int cpu : cpus) {
        const auto siblings = siblings_of(root, cpu);
        const auto core = std::ranges::find_if(cores, [&](const std::vector<int>& known) {
            return std::ranges::find(siblings, known.front()) != siblings.end();
        });
        if (core == cores.end()) {
            cores.push_back({cpu});
        } else {
            core->push_back(cpu);
        }
    }
    return cores;
}

std::vector<int> cpus_by_affinity() {
    // The system refuses a mask that is smaller than its own.
    constexpr std::size_t most_sets = 1024;
    for (std::size_t sets = 1; sets <= most_sets; sets *= 2) {
        std::vector<cpu_set_t> mask(sets);
        const std::size_t bytes = sets * sizeof(cpu_set_t);
        if (::sched_getaffinity(0, bytes, mask.data()) != 0) {
            continue;
        }
        std::vector<int> cpus;
        for (std::size_t cpu = 0; cpu < 8 * bytes; ++cpu) {
            if (CPU_ISSET_S(cpu, bytes, mask.data())) {
                cpus.push_back(static_cast<int>(cpu));
            }
        }
        return cpus;
    }
    return {};
}

}  // namespace procpool::cli
