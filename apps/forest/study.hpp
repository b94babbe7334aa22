#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "dataset.hpp"
#include "grid.hpp"
#include "tool/exit.hpp"

namespace forest {

/// What is asked for.
struct Plan {
    Grid grid;
    std::uint32_t folds = 5;
    std::uint32_t trees = 100;
    std::uint64_t seed = 0;
    int processes = 0;  ///< 0: the CPUs that this process may use
    std::chrono::nanoseconds timeout{0};
    std::size_t crashes = 0;  ///< fits that crash on purpose
    std::function<void(std::size_t done, const std::vector<pid_t>& workers)> watch{};
};

/// The error of a grid point on rows that its trees have not seen: root of the mean square.
struct PointError {
    double error = 0;
    double spread = 0;  ///< standard error, from fold to fold
};

/// What was found: all of it, or as much as there was time for.
struct Findings {
    std::vector<double> tree;  ///< predictions of one tree, fully grown on all rows, for these rows
    double tree_error = 0;     ///< on the same rows

    std::vector<std::optional<PointError>>
        points;                       ///< of the grid, those of which all folds are in
    std::optional<std::size_t> best;  ///< the point of the smallest error

    std::uint32_t trees = 0;                 ///< of the forest, that were grown
    std::vector<double> forest;              ///< their mean predictions, for all rows
    std::optional<double> out_of_bag_error;  ///< each row told by the trees not grown on it
    std::uint32_t out_of_bag_rows = 0;       ///< rows that there are such trees for

    // What may differ from run to run.
    int processes = 0;
    std::size_t fits = 0;
    std::size_t deaths = 0;
    double seconds = 0;
    bool interrupted = false;
    std::optional<tool::Stopped> stopped{};  ///< why it ended before its time, if it did

    [[nodiscard]] bool all() const { return !interrupted && !stopped; }
};

/// Grows the lecture's tree, searches the grid by cross-validation and grows a forest with the best
/// settings: each fit one task of a pool of processes. The findings are the same to the bit for
/// any number of workers, and for any number of them that die. Blocks. After Ctrl-C (under
/// tool::Interrupt), or when a fit or the pool fails, it returns what was found till then. Throws
/// tool::BadUsage and tool::SystemLimit before any work.
[[nodiscard]] Findings study(const Dataset& data, const Plan& plan);

}  // namespace forest
