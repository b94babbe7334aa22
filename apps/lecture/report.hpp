#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace lecture {

using nlohmann::json;

/// Who did the work: the columns of the table.
enum class Peer { plain, threads, procpool, python_plain, python_threads, python_pool, ideal };
[[nodiscard]] std::string_view to_string(Peer peer);

/// What became of it.
enum class Fate {
    done,    ///< there is a figure
    absent,  ///< the peer is not installed
    never,   ///< there is no such figure: processes never pay, for instance
    died,    ///< by a signal
    silent,  ///< no answer until the watchdog ended it
    failed,  ///< it ended with an error
};
[[nodiscard]] std::string_view to_string(Fate fate);

/// One cell of the table.
struct Figure {
    Fate fate = Fate::done;
    double seconds =
        0;  ///< that the work took; if there is no figure, until the end of whoever was at work
    std::string text{};  ///< shown instead of the seconds: "997 + 3", "SIGSEGV"
    std::string why{};   ///< what a peer that failed had to say

    [[nodiscard]] bool measured() const { return fate == Fate::done; }
    [[nodiscard]] json to_json() const;
};

struct Row {
    std::string name;   ///< in the JSON
    std::string label;  ///< in the table; at most 26 columns
    std::map<Peer, Figure> figures{};
    std::string text{};  ///< what the table shows when the row has no figures

    /// Nothing if there is no such figure.
    [[nodiscard]] const Figure* find(Peer peer) const;
    /// How many times `other`'s time `peer` takes; 0 when either has no figure.
    [[nodiscard]] double ratio(Peer peer, Peer other) const;
    [[nodiscard]] json to_json() const;
};

/// What came out of a cell.
struct Report {
    std::vector<Row> rows{};
    std::vector<std::string> notes{};  ///< sentences that the figures support
    json details = json::object();     ///< what else the JSON tells
    bool holds = true;                 ///< false: the cell could not show what it teaches

    [[nodiscard]] json to_json() const;
};

/// "1.013 s", "132.4 ms", "2.31 us", "17.2 ns": at most eight columns.
[[nodiscard]] std::string in_words(double seconds);
/// The figure as the table shows it.
[[nodiscard]] std::string in_words(const Figure& figure);

}  // namespace lecture
