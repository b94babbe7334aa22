// `procpool info`: what a pool may use on this machine, and why.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <nlohmann/json.hpp>

#include "build_info.hpp"
#include "commands.hpp"
#include "cpu_files.hpp"
#include "machine.hpp"
#include "mine/hash.hpp"
#include "tool/exit.hpp"
#include "tool/json.hpp"
#include "tool/output.hpp"
#include "tool/terminal.hpp"
#include "tool/text.hpp"
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
    if (::uname(&name) != 0) {
        return "unknown";
    }
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
    for (const auto& version : mine::library_versions()) {
        all.push_back(version);
    }
    all.emplace_back("topology", cpus.topology.source);
    return all;
}

using tool::counted;

std::string cores_text(const Topology& topology) {
    std::string text = counted(topology.cores, "core") + ", " + counted(topology.cpus, "CPU");
    if (topology.packages > 0) {
        text = counted(topology.packages, "package") + ", " + text;
    }
    if (topology.numa_nodes > 1) {
        text += ", " + counted(topology.numa_nodes, "NUMA node");
    }
    return text;
}

/// A page of rows: a name, a value and what it means.
class Page {
public:
    explicit Page(std::size_t columns) : columns_(columns) {}

    void head(const std::string& title) {
        text_ += (text_.empty() ? "" : "\n") + tool::folded(title, columns_) + '\n';
    }
    void row(const std::string& name, const std::string& value, const std::string& why = {}) {
        const bool beside = columns_ >= least_beside;
        const std::size_t indent = beside ? value_at : 4;
        text_ += beside ? fmt::format("  {:<{}}", name, value_at - 2)
                        : tool::folded("  " + name, columns_) + '\n' + std::string(indent, ' ');
        text_ += block(value, indent) + '\n';
        if (!why.empty()) {
            text_ += std::string(indent, ' ') + block(why, indent) + '\n';
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    static constexpr std::size_t value_at = 33;
    static constexpr std::size_t least_beside = 60;  // with fewer columns, values stand below names

    /// Words folded to the columns behind the indent. Every line but the first is indented.
    [[nodiscard]] std::string block(const std::string& words, std::size_t indent) const {
        std::string lines = tool::folded(words, columns_ > indent ? columns_ - indent : 1, 0);
        for (std::size_t end = 0; (end = lines.find('\n', end)) != std::string::npos;
             end += indent) {
            lines.insert(++end, indent, ' ');
        }
        return lines;
    }

    std::size_t columns_;
    std::string text_;
};

std::string page(const Cpus& cpus, const std::vector<Limit>& limits, const std::string& pattern) {
    constexpr std::size_t widest = 80;
    const auto terminal = tool::Terminal::at(STDOUT_FILENO);
    Page page(terminal.present ? std::min(widest, terminal.room()) : widest);
    page.head("CPUs");
    page.row("a Pool{} has", counted(cpus.usable(), "worker"), cpus.why());
    page.row("online", fmt::format("{}", cpus.online));
    page.row("allowed by the affinity mask",
             fmt::format("{} ({})", cpus.allowed.size(), list_text(cpus.allowed)));
    page.row("quota of the control group",
             cpus.quota ? counted(*cpus.quota, "CPU") + ", rounded up" : "none");
    page.row("made of", cores_text(cpus.topology));
    page.row("hardware threads", cpus.about_threads());
    page.head("Limits");
    for (const Limit& limit : limits) {
        page.row(limit.name, limit_text(limit), limit.meaning);
    }
    page.row("core dumps go to", pattern.empty() ? "unknown" : pattern);
    page.head("Versions");
    for (const auto& [name, version] : versions(cpus)) {
        page.row(name, version);
    }
    return page.text();
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
    for (const auto& [name, version] : versions(cpus)) {
        all["versions"][name] = version;
    }
    return all;
}

}  // namespace

void add_info(CLI::App& app, int& exit_code) {
    auto* const command =
        app.add_subcommand("info", "What a pool may use on this machine, and why");
    command->footer(std::string(help) + '\n' + tool::exit_codes);
    auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "Print everything by name");
    command->callback([as_json, &exit_code] {
        const Cpus cpus = look_at_cpus("", cpus_by_affinity(), topology_by_hwloc());
        const auto limits = look_at_limits("");
        const std::string pattern = core_pattern("");
        tool::write_out(*as_json ? tool::json_text(data(cpus, limits, pattern))
                                 : page(cpus, limits, pattern));
        exit_code = tool::done;
    });
}

}  // namespace procpool::cli
