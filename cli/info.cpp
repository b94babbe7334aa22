// `procpool info`: what a pool may use on this machine, and why.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <nlohmann/json.hpp>

#include <procpool/cpu.hpp>

#include "build_info.hpp"
#include "commands.hpp"
#include "exit.hpp"
#include "machine.hpp"
#include "mine/hash.hpp"
#include "output.hpp"
#include "topology.hpp"

namespace procpool::cli {

namespace {

using nlohmann::json;
using Versions = std::vector<std::pair<std::string, std::string>>;

constexpr auto help = R"(Examples:
  procpool info
  taskset -c 0 procpool info     the same on one CPU
  procpool info --json
)";

std::string kernel() {
    utsname name{};
    if (::uname(&name) != 0) return "unknown";
    return fmt::format("{} {}", name.sysname, name.release);
}

Versions versions(const Cpus& cpus) {
    const BuildInfo& build = build_info();
    Versions all{{"procpool", build.version + (build.commit.empty() ? "" : " " + build.commit)},
                 {"build", build.build_type + (build.sanitizers.empty() ? "" : " -fsanitize=") +
                               build.sanitizers},
                 {"compiler", build.compiler},
                 {"kernel", kernel()},
                 {"libc", std::string("glibc ") + ::gnu_get_libc_version()}};
    for (const auto& version : mine::library_versions()) all.push_back(version);
    all.emplace_back("topology", cpus.topology.source);
    return all;
}

std::string cores_text(const Topology& topology) {
    std::string text =
        fmt::format("{} core{}, {} CPU{}", topology.cores, topology.cores == 1 ? "" : "s",
                    topology.cpus, topology.cpus == 1 ? "" : "s");
    if (topology.packages > 0) {
        text = fmt::format("{} package{}, {}", topology.packages, topology.packages == 1 ? "" : "s",
                           text);
    }
    if (topology.numa_nodes > 1) text += fmt::format(", {} NUMA nodes", topology.numa_nodes);
    return text;
}

/// "  name   value  why", broken where it would pass the 80th column.
std::string row(const std::string& name, const std::string& value, const std::string& why = {}) {
    constexpr std::size_t columns = 80;
    constexpr std::size_t indent = 2 + 31;
    std::string text = fmt::format("  {:<31}", name);
    std::size_t used = text.size();
    const auto put = [&](const std::string& words) {
        for (std::size_t at = 0; at < words.size();) {
            const std::size_t end = std::min(words.find(' ', at), words.size());
            if (used > indent && used + 1 + (end - at) > columns) {
                text += '\n' + std::string(indent, ' ');
                used = indent;
            } else if (used > indent) {
                text += ' ';
                ++used;
            }
            text.append(words, at, end - at);
            used += end - at;
            at = end + 1;
        }
    };
    put(value);
    if (!why.empty()) {
        text += '\n' + std::string(indent, ' ');
        used = indent;
        put(why);
    }
    return text + '\n';
}

std::string page(const Cpus& cpus, const std::vector<Limit>& limits, const std::string& pattern) {
    std::string text = "CPUs\n";
    text +=
        row("a Pool{} has",
            fmt::format("{} worker{}", cpus.usable(), cpus.usable() == 1 ? "" : "s"), cpus.why());
    text += row("online", fmt::format("{}", cpus.online));
    text += row("allowed by the affinity mask",
                fmt::format("{} ({})", cpus.allowed.size(), list_text(cpus.allowed)));
    text += row("quota of the control group",
                cpus.quota
                    ? fmt::format("{} CPU{}, rounded up", *cpus.quota, *cpus.quota == 1 ? "" : "s")
                    : "none");
    text += row("made of", cores_text(cpus.topology));
    text += row("hardware threads", cpus.about_threads());
    text += "\nLimits\n";
    for (const Limit& limit : limits) text += row(limit.name, limit_text(limit), limit.meaning);
    text += row("core dumps go to", pattern.empty() ? "unknown" : pattern);
    text += "\nVersions\n";
    for (const auto& [name, version] : versions(cpus)) text += row(name, version);
    return text;
}

json data(const Cpus& cpus, const std::vector<Limit>& limits, const std::string& pattern) {
    json all;
    all["cpus"] = {{"usable", cpus.usable()},
                   {"why", cpus.why()},
                   {"online", cpus.online},
                   {"allowed", cpus.allowed},
                   {"quota", cpus.quota ? json(*cpus.quota) : json(nullptr)},
                   {"cores_of_allowed", cpus.cores},
                   {"hardware_threads", cpus.about_threads()},
                   {"topology",
                    {{"packages", cpus.topology.packages},
                     {"cores", cpus.topology.cores},
                     {"cpus", cpus.topology.cpus},
                     {"numa_nodes", cpus.topology.numa_nodes},
                     {"source", cpus.topology.source}}}};
    all["limits"] = json::array();
    for (const Limit& limit : limits) {
        all["limits"].push_back({{"name", limit.name},
                                 {"value", limit.value ? json(*limit.value) : json(nullptr)},
                                 {"unit", limit.unit},
                                 {"meaning", limit.meaning}});
    }
    all["core_pattern"] = pattern;
    for (const auto& [name, version] : versions(cpus)) all["versions"][name] = version;
    return all;
}

}  // namespace

void add_info(CLI::App& app, int& exit_code) {
    auto* const command =
        app.add_subcommand("info", "What a pool may use on this machine, and why");
    command->footer(std::string(help) + '\n' + exit_codes);
    auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "Print all of it by name");
    command->callback([as_json, &exit_code] {
        Cpus cpus = look_at_cpus("", cpus_by_affinity());
        if (const auto topology = topology_by_hwloc()) cpus.topology = *topology;
        const auto limits = look_at_limits("");
        const std::string pattern = core_pattern("");
        write_out(
            *as_json
                ? data(cpus, limits, pattern).dump(2, ' ', false, json::error_handler_t::replace) +
                      '\n'
                : page(cpus, limits, pattern));
        exit_code = done;
    });
}

}  // namespace procpool::cli
