#pragma once

#include <span>
#include <string>
#include <string_view>

#include "peers.hpp"
#include "report.hpp"
#include "tool/terminal.hpp"

namespace lecture {

/// What a cell works with.
struct Desk {
    bool quick;  ///< small sizes: for tests, not for figures
    const Python& python;
    tool::StatusLine& status;
    std::string doing{};  ///< "2/5 map": how the status line begins

    /// Shows in the status line what the cell does now.
    void say(std::string_view what) const;
};

/// What a cell runs in a process of its own: another run of this program, which answers a request.
struct PeerProgram {
    std::string_view name;
    json (*run)(const json& request);
};

/// A cell of the lecture. Each has a file in cells/, with the work on the pool and the same work on
/// threads.
struct Cell {
    std::string_view name;
    std::string_view title;
    std::string_view teaches;
    Report (*run)(const Desk&);
    std::span<const PeerProgram> peers;
};

extern const Cell map_cell;
extern const Cell cost_cell;
extern const Cell waiting_cell;
extern const Cell isolation_cell;
extern const Cell adler_cell;

/// In the order of the lecture.
[[nodiscard]] std::span<const Cell* const> cells();
/// Null if there is none.
[[nodiscard]] const PeerProgram* find_peer(std::string_view name);

}  // namespace lecture
