// The lecture, cell by cell: what procpool does, beside its peers, measured here and now.

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "stopwatch.hpp"
#include "table.hpp"

namespace lecture {

namespace {

enum Exit { fine = 0, does_not_hold = 1, wrong_usage = 2, cannot_write = 3 };

constexpr auto footer = R"(Cells:
  map        map, Pool(8).map and a bound argument, beside threads, Python and the ideal
  cost       no sleep: what a call costs, an item, and from which work on processes pay
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

/// Nobody opens a file as 0, 1 or 2 by accident.
void open_standard_streams() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        }
    }
}

/// What it crashes on purpose leaves no core behind.
void dump_no_core() {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
}

struct CannotWrite : std::runtime_error {
    using runtime_error::runtime_error;
};

/// To standard output, at once.
void write_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        throw CannotWrite(fmt::format("cannot write the output: {}", std::strerror(errno)));
    }
}

bool wants_colour() {
    const auto set = [](const char* name) {
        const char* value = std::getenv(name);
        return value != nullptr && *value != '\0';
    };
    const char* term = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && !set("NO_COLOR") && term != nullptr &&
           std::strcmp(term, "dumb") != 0;
}

int run_peer(const std::vector<std::string>& name_and_request) {
    const PeerProgram* peer = find_peer(name_and_request.at(0));
    if (peer == nullptr) {
        throw std::invalid_argument("no peer " + name_and_request.at(0));
    }
    write_out(peer->run(json::parse(name_and_request.at(1))).dump() + '\n');
    return fine;
}

/// Its place in the lecture, from 1.
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

/// "adler,map", in the order of the lecture. Throws CLI::ValidationError.
std::vector<const Cell*> chosen_cells(const std::string& list) {
    std::set<std::string> names;
    std::istringstream words(list + ',');
    for (std::string word; std::getline(words, word, ',');) {
        names.insert(word);
    }

    std::vector<const Cell*> chosen;
    for (const Cell* cell : cells()) {
        if (names.erase(std::string(cell->name)) > 0) {
            chosen.push_back(cell);
        }
    }
    if (!names.empty()) {
        throw CLI::ValidationError("--cells", fmt::format("there is no cell '{}'", *names.begin()));
    }
    return chosen;
}

int run_lecture(const Options& options) {
    const Stopwatch watch;
    Status status;
    status.show("looking for python3");
    const Python python;
    const Page page(wants_colour());

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
        write_out(page.cell(number_of(cell), *cell, reports.back()));
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
        write_out(all.dump(2) + '\n');
    } else {
        std::vector<Page::Section> sections;
        for (std::size_t i = 0; i < options.cells.size(); ++i) {
            sections.push_back({number_of(options.cells[i]), options.cells[i], &reports[i]});
        }
        const int cpus = procpool::usable_cpus();
        write_out(fmt::format(
            "{}{} usable CPU{}, Python {}, {:.1f} s in all.\n{}", page.table(sections), cpus,
            cpus == 1 ? "" : "s", python.present() ? python.version() : "absent", watch.seconds(),
            options.quick ? "These are --quick's sizes: for tests, not for figures.\n" : ""));
    }
    return all_hold ? fine : does_not_hold;
}

int start(int argc, char** argv) {
    open_standard_streams();
    dump_no_core();
    std::signal(SIGPIPE, SIG_DFL);  // a reader that has seen enough ends us quietly

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
        return app.exit(error) == 0 ? fine : wrong_usage;
    }

    return peer.empty() ? run_lecture(options) : run_peer(peer);
}

}  // namespace

}  // namespace lecture

int main(int argc, char** argv) {
    try {
        return lecture::start(argc, argv);
    } catch (const lecture::CannotWrite& error) {
        fmt::print(stderr, "lecture: {}\n", error.what());
        return lecture::cannot_write;
    } catch (const std::exception& error) {
        fmt::print(stderr, "lecture: {}\n", error.what());
        return lecture::does_not_hold;
    }
}
