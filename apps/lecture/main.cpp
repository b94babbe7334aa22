// The lecture, cell by cell: what procpool does, and its peers beside it, measured by this run.

#include <algorithm>
#include <csignal>
#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "table.hpp"
#include "tool/exit.hpp"
#include "tool/json.hpp"
#include "tool/limits.hpp"
#include "tool/output.hpp"
#include "tool/stopwatch.hpp"
#include "tool/terminal.hpp"
#include "tool/text.hpp"

namespace lecture {

namespace {

constexpr auto footer = R"(Cells:
  map        map, Pool(8).map and a bound argument, beside threads, Python and the ideal
  cost       no sleep: what a call and an item cost, and how much work makes processes pay
  waiting    waiting for the network or computing: threads or processes?
  isolation  a thousand inputs of which three crash: who is left?
  adler      the hash of the lecture's exercise

Every figure is measured by this run. Peers on threads and in Python run as child
processes of their own; one that is not installed is shown as absent.

Exit status:
  0  every cell showed what it teaches
  1  a cell did not
  2  the command line is wrong
  3  the output could not be written
Ctrl-C ends everything at once, Ctrl-Z stops everything until `fg`.

Examples:
  lecture                        all of it, in under a minute
  lecture --cells isolation      one cell
  lecture --json > figures.json  every cell by name, seconds and ratios)";

int run_peer(const std::vector<std::string>& name_and_request) {
    const PeerProgram* peer = find_peer(name_and_request.at(0));
    if (peer == nullptr) {
        throw std::invalid_argument("no peer " + name_and_request.at(0));
    }
    tool::write_out(peer->run(json::parse(name_and_request.at(1))).dump() + '\n');
    return tool::done;
}

/// The place of a cell in the lecture, from 1.
std::size_t number_of(const Cell* cell) {
    return static_cast<std::size_t>(std::ranges::find(cells(), cell) - cells().begin()) + 1;
}

Report run_cell(const Cell& cell, const Desk& desk) {
    try {
        return cell.run(desk);
    } catch (const std::exception& error) {
        return {.notes = {fmt::format("It failed: {}", error.what())}, .holds = false};
    }
}

struct Options {
    bool quick = false;
    bool json = false;
    std::vector<const Cell*> cells{lecture::cells().begin(), lecture::cells().end()};
};

/// The cells of a list like "adler,map", in the order of the lecture. Throws CLI::ValidationError.
std::vector<const Cell*> chosen_cells(const std::string& list) {
    const auto words = tool::split(list, ",");
    std::set<std::string_view> names(words.begin(), words.end());

    std::vector<const Cell*> chosen;
    for (const Cell* cell : cells()) {
        if (names.erase(cell->name) > 0) {
            chosen.push_back(cell);
        }
    }
    if (!names.empty()) {
        throw CLI::ValidationError("--cells", fmt::format("there is no cell '{}'", *names.begin()));
    }
    return chosen;
}

int run_lecture(const Options& options) {
    const tool::Stopwatch watch;
    tool::StatusLine status;
    status.show("looking for python3");
    const Python python;
    const Page page(tool::Terminal::at(STDOUT_FILENO));

    std::vector<Report> reports;
    for (const Cell* cell : options.cells) {
        const Desk desk{
            .quick = options.quick,
            .python = python,
            .status = status,
            .doing = fmt::format("{}/{} {}", reports.size() + 1, options.cells.size(), cell->name)};
        reports.push_back(run_cell(*cell, desk));
        status.clear();
        if (options.json) {
            continue;
        }
        tool::write_out(page.cell(number_of(cell), *cell, reports.back()));
    }

    const bool all_hold = std::ranges::all_of(reports, &Report::holds);
    if (options.json) {
        json all{{"holds", all_hold},
                 {"quick", options.quick},
                 {"usable_cpus", procpool::usable_cpus()},
                 {"python", python.present() ? json(python.version()) : json("absent")},
                 {"seconds", watch.seconds()},
                 {"cells", json::object()}};
        for (std::size_t i = 0; i < options.cells.size(); ++i) {
            json& cell = all["cells"][std::string(options.cells[i]->name)] = reports[i].to_json();
            cell["title"] = options.cells[i]->title;
            cell["teaches"] = options.cells[i]->teaches;
        }
        tool::write_out(tool::json_text(all));
    } else {
        std::vector<Page::Section> sections;
        for (std::size_t i = 0; i < options.cells.size(); ++i) {
            sections.push_back({number_of(options.cells[i]), options.cells[i], &reports[i]});
        }
        tool::write_out(fmt::format(
            "{}{}, Python {}, {:.1f} s in all.\n{}", page.table(sections),
            tool::counted(procpool::usable_cpus(), "usable CPU"),
            python.present() ? python.version() : "absent", watch.seconds(),
            options.quick ? "These are --quick's sizes: for tests, not for figures.\n" : ""));
    }
    return all_hold ? tool::done : tool::failed;
}

int complain(tool::Exit exit, const char* what) {
    tool::write_err(fmt::format("lecture: {}\n", what));
    return exit;
}

int start(int argc, char** argv) {
    tool::open_standard_streams();
    tool::dump_no_core();           // it crashes workers on purpose
    std::signal(SIGPIPE, SIG_DFL);  // ends quietly when the reader of its output has seen enough

    CLI::App app("The lecture on multiprocessing, in C++: each of its cells with what it teaches.",
                 "lecture");
    app.footer(footer);
    Options options;
    app.add_flag("--json", options.json, "Print every cell by name, with seconds and ratios");
    app.add_flag("--quick", options.quick, "Small sizes: for tests, not for figures");
    app.add_option_function<std::string>(
           "--cells", [&](const std::string& list) { options.cells = chosen_cells(list); },
           "Only these, separated by commas")
        ->type_name("LIST");
    std::vector<std::string> peer;
    app.add_option("--peer", peer)
        ->expected(2)
        ->group("");  // hidden: how this program runs itself as a child
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? tool::done : tool::bad_usage;
    }

    return peer.empty() ? run_lecture(options) : run_peer(peer);
}

}  // namespace

}  // namespace lecture

int main(int argc, char** argv) {
    try {
        return lecture::start(argc, argv);
    } catch (const tool::SystemLimit& error) {
        return lecture::complain(tool::system_limit, error.what());
    } catch (const std::exception& error) {
        return lecture::complain(tool::failed, error.what());
    }
}
