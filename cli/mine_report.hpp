#pragma once

#include <string>
#include <vector>

#include "mine/miner.hpp"
#include "mine/request.hpp"
#include "mine_options.hpp"

namespace procpool::cli {

// What `procpool mine` prints. `alone`: the hashes a second of one process.

/// What kind of crew did the work.
enum class Kind { plain, threads, processes };

/// What one crew did.
struct Run {
    Kind kind = Kind::processes;
    mine::Outcome outcome{};
};

/// What is known before the work: the goal, notes and how long it may take.
[[nodiscard]] std::string forecast(const mine::Order& order, double alone, int processes);

/// The results for a person. The last of the runs counts; the others are for the comparison.
[[nodiscard]] std::string page(const MineOptions& options, const std::vector<Run>& runs,
                               double alone);

/// The results for a program: one JSON document.
[[nodiscard]] std::string as_json(const MineOptions& options, const mine::Order& order,
                                  const std::vector<Run>& runs, double alone);

}  // namespace procpool::cli
