// `procpool journal`: what a journal says, and whether it is whole.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <procpool/journal.hpp>

#include "commands.hpp"
#include "tool/exit.hpp"
#include "tool/json.hpp"
#include "tool/output.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

using nlohmann::json;
using State = JournalItem::State;
using tool::counted;

constexpr auto help =
    R"(A journal is what a call wrote that was given one: MapOptions::journal. Make the
call again, and it runs only what is missing.

Examples:
  procpool journal run.journal
  procpool journal --csv run.journal > items.csv     a line for each item
  procpool journal --json run.journal

Exit status:
    0  it is whole, and no item is in quarantine or failed
    1  it is damaged, or an item is in quarantine or failed; items may be missing
    2  it is no journal
    3  it cannot be read)";

struct Options {
    std::string file;
    bool csv = false;
    bool json = false;
};

const char* name_of(State state) {
    switch (state) {
        case State::done:
            return "done";
        case State::failed:
            return "failed";
        case State::quarantined:
            return "quarantined";
    }
    return "unknown";
}

std::size_t count_of(const JournalContents& journal, State state) {
    return static_cast<std::size_t>(
        std::ranges::count(journal.items, state, [](const auto& item) { return item.state; }));
}

/// In quotes, whatever it is.
std::string csv_text(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : tool::one_line(text)) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

std::string csv(const JournalContents& journal) {
    std::string text = "index,state,bytes,attempts,seconds,input_hash,message\n";
    for (const JournalItem& item : journal.items) {
        text += fmt::format("{},{},{},{},{:.9f},{:016x},{}\n", item.index, name_of(item.state),
                            item.size, item.attempts,
                            std::chrono::duration<double>(item.duration).count(), item.input_hash,
                            csv_text(item.message));
    }
    return text;
}

json data(const JournalContents& journal) {
    json all;
    all["type"] = journal.type;
    all["count"] = journal.count ? json(*journal.count) : json(nullptr);
    all["missing"] = journal.missing() ? json(*journal.missing()) : json(nullptr);
    for (const State state : {State::done, State::failed, State::quarantined}) {
        all[name_of(state)] = count_of(journal, state);
    }
    all["records"] = journal.records;
    all["damaged_bytes"] = journal.damaged;
    all["torn_bytes"] = journal.torn;
    all["items"] = json::array();
    for (const JournalItem& item : journal.items) {
        all["items"].push_back({{"index", item.index},
                                {"state", name_of(item.state)},
                                {"bytes", item.size},
                                {"attempts", item.attempts},
                                {"seconds", std::chrono::duration<double>(item.duration).count()},
                                {"input_hash", fmt::format("{:016x}", item.input_hash)},
                                {"message", item.message}});
    }
    return all;
}

std::string page(const JournalContents& journal) {
    constexpr std::size_t most_lines = 20;
    const auto row = [](const char* name, const std::string& value) {
        return fmt::format("{:<12} {}\n", name, value);
    };
    const auto number = [](std::uint64_t value) { return tool::grouped(value); };
    std::string text = row("results", tool::one_line(journal.type));
    text += row("items", journal.count ? number(*journal.count) + " in the last call"
                                       : "not known: the last call did not read to the end");
    text += row("done", number(count_of(journal, State::done)));
    text += row("missing", journal.missing() ? number(*journal.missing()) : "not known");
    text += row("failed", number(count_of(journal, State::failed)));
    text += row("quarantined", number(count_of(journal, State::quarantined)));
    const std::string torn = journal.torn == 0 ? ""
                                               : ", then " + counted(journal.torn, "byte") +
                                                     " of one that was never written whole";
    text += row("records", number(journal.records) + ", all checksums hold" + torn);
    if (journal.damaged != 0) {
        text += row("damaged", counted(journal.damaged, "byte") +
                                   " between records: their items run again with the next call");
    }
    std::size_t lines = 0;
    std::size_t more = 0;
    for (const JournalItem& item : journal.items) {
        if (item.state == State::done) {
            continue;
        }
        if (++lines > most_lines) {
            ++more;
            continue;
        }
        text += fmt::format("{}{}: {}\n", lines == 1 ? "\n" : "", name_of(item.state),
                            tool::one_line(item.message));
    }
    if (more != 0) {
        text += fmt::format("and {} more: --csv has all\n", number(more));
    }
    return text;
}

}  // namespace

void add_journal(CLI::App& app, int& exit_code) {
    auto* const command =
        app.add_subcommand("journal", "What a journal says is done, and whether it is whole");
    command->footer(help);
    auto options = std::make_shared<Options>();
    command->add_option("file", options->file, "The journal")->required();
    auto* const as_csv = command->add_flag("--csv", options->csv, "Print a line for each item");
    command->add_flag("--json", options->json, "Print everything by name")->excludes(as_csv);
    command->callback([options, &exit_code] {
        JournalContents journal;
        try {
            journal = read_journal(options->file);
        } catch (const std::invalid_argument& error) {
            throw tool::BadUsage(error.what());
        }
        tool::write_out(options->csv    ? csv(journal)
                        : options->json ? tool::json_text(data(journal))
                                        : page(journal));
        const bool is_well = journal.damaged == 0 && count_of(journal, State::failed) == 0 &&
                             count_of(journal, State::quarantined) == 0;
        exit_code = is_well ? tool::done : tool::failed;
    });
}

}  // namespace procpool::cli
