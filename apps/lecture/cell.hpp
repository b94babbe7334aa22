#pragma once

#include <span>
#include <string>
#include <string_view>

#include "peers.hpp"
#include "report.hpp"
#include "status.hpp"

namespace lecture {

/// What a cell has at hand.
struct Desk {
    bool quick;  ///< small sizes: for tests, not for figures
    const Python& python;
    Status& status;
    std::string doing{};  ///< "2/5 no sleep", before what a cell says itself

    void say(std::string_view what) const;
};

/// A process that a cell starts: it runs in a fresh copy of this program and answers a request.
struct PeerProgram {
    std::string_view name;
    json (*run)(const json& request);
};

/// A cell of the lecture. Each is a file in cells/, which has it all: the pool, and the same on
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
