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

/// What the user asks for.
struct Plan {
    Grid grid;
    std::uint32_t folds = 5;
    std::uint32_t trees = 100;
    std::uint64_t seed = 0;
    int processes = 0;  ///< 0: the CPUs that this process may use
    std::chrono::nanoseconds timeout{0};
    std::size_t crashes = 0;  ///< how many fits crash on purpose
    /// See FitRunnerOptions.
    std::function<void(std::size_t done, const std::vector<pid_t>& workers)> watch{};
};

/// The error of a grid point on rows that its trees have not seen: the root of the mean square.
struct PointError {
    double error = 0;
    double spread = 0;  ///< the standard error, from fold to fold
};

/// The results: all of them, or those there were when the work ended early.
struct Findings {
    std::vector<double> tree;  ///< predictions for all rows, of one tree fully grown on all rows
    double tree_error = 0;     ///< on the same rows

    std::vector<std::optional<PointError>> points;  ///< of the grid; none: not all folds are done
    std::optional<std::size_t> best;                ///< the point with the smallest error

    std::uint32_t trees = 0;                 ///< of the forest, how many were grown
    std::vector<double> forest;              ///< the means of their predictions, for all rows
    std::optional<double> out_of_bag_error;  ///< each row predicted by the trees not grown on it
    std::uint32_t out_of_bag_rows = 0;       ///< for how many rows there are such trees

    // What may differ from run to run.
    int processes = 0;
    std::size_t fits = 0;
    std::size_t deaths = 0;
    double seconds = 0;
    bool interrupted = false;
    std::optional<tool::Stopped> stopped{};  ///< why the work ended early, if it did

    [[nodiscard]] bool all() const { return !interrupted && !stopped; }
};

/// Grows the lecture's tree, searches the grid by cross-validation and grows a forest with the best
/// settings. Each fit is one task of a pool of processes. The findings are the same to the bit for
/// any number of workers, and for any number of them that die. Blocks. After Ctrl-C (while there is
/// a tool::Interrupt), or when a fit or the pool fails, it returns what was found until then.
/// Throws tool::BadUsage and tool::SystemLimit before any work.
[[nodiscard]] Findings study(const Dataset& data, const Plan& plan);

}  // namespace forest
