#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace lecture {

using nlohmann::json;

/// Who did the work: the columns of the table are among these.
enum class Peer { plain, threads, procpool, python_plain, python_threads, python_pool, ideal };
[[nodiscard]] std::string_view to_string(Peer peer);

/// What became of a peer.
enum class Fate {
    done,    ///< there is a figure
    absent,  ///< the peer is not installed
    never,   ///< what the figure measures never happens: processes never pay, for instance
    died,    ///< a signal ended it
    silent,  ///< it did not answer until its deadline and was killed
    failed,  ///< it ended with an error
};
[[nodiscard]] std::string_view to_string(Fate fate);

/// One figure of the table.
struct Figure {
    Fate fate = Fate::done;
    double seconds = 0;  ///< of the work; if that was not done, until the process ended
    std::string text{};  ///< shown instead of the seconds: "997 + 3", "SIGSEGV"
    std::string why{};   ///< if the peer failed, what it said

    [[nodiscard]] bool measured() const { return fate == Fate::done; }
    [[nodiscard]] json to_json() const;
};

struct Row {
    std::string name;   ///< in the JSON
    std::string label;  ///< in the table; at most 26 columns
    std::map<Peer, Figure> figures{};
    std::string text{};  ///< what the table shows when the row has no figures

    /// Null if there is no such figure.
    [[nodiscard]] const Figure* find(Peer peer) const;
    /// The time of `peer` divided by the time of `other`; 0 when one of them has no figure.
    [[nodiscard]] double ratio(Peer peer, Peer other) const;
    [[nodiscard]] json to_json() const;
};

/// The result of a cell.
struct Report {
    std::vector<Row> rows{};
    std::vector<std::string> notes{};  ///< sentences about the figures
    json details = json::object();     ///< more values for the JSON
    bool holds = true;                 ///< false: the cell could not show what it teaches

    [[nodiscard]] json to_json() const;
};

/// "1.013 s", "132.4 ms", "2.31 us", "17.2 ns": at most eight columns.
[[nodiscard]] std::string in_words(double seconds);
/// The figure as the table shows it.
[[nodiscard]] std::string in_words(const Figure& figure);

}  // namespace lecture
