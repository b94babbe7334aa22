#include "study.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include <fmt/format.h>

#include "fit_runner.hpp"
#include "fits.hpp"
#include "sampling.hpp"
#include "tool/exit.hpp"
#include "tool/limits.hpp"
#include "tool/stopwatch.hpp"

namespace forest {

namespace {

double root_mean_square(const std::vector<double>& predictions,
                        const std::vector<double>& targets) {
    double squares = 0;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        squares += (predictions[i] - targets[i]) * (predictions[i] - targets[i]);
    }
    return std::sqrt(squares / static_cast<double>(targets.size()));
}

PointError error_over(const std::vector<FoldError>& folds) {
    double squares = 0;
    double rows = 0;
    double mean = 0;
    const auto count = static_cast<double>(folds.size());
    const auto of_fold = [](const FoldError& fold) { return std::sqrt(fold.squares / fold.rows); };
    for (const FoldError& fold : folds) {
        squares += fold.squares;
        rows += fold.rows;
        mean += of_fold(fold) / count;
    }
    double variance = 0;
    for (const FoldError& fold : folds) {
        variance += (of_fold(fold) - mean) * (of_fold(fold) - mean) / (count - 1);
    }
    return {std::sqrt(squares / rows), std::sqrt(variance / count)};
}

/// The parts of the study, in the order in which they are done.
class Study {
public:
    Study(const Dataset& data, const Plan& plan)
        : data_(data),
          plan_(plan),
          rows_(static_cast<std::uint32_t>(data.rows())),
          table_(data, fold_of_rows(rows_, plan.folds, plan.seed)),
          runner_({.processes = plan.processes,
                   .timeout = plan.timeout,
                   .fits = 1 + plan.grid.points.size() * plan.folds + plan.trees,
                   .crashes = plan.crashes,
                   .watch = plan.watch}) {}

    Findings run() {
        const tool::Stopwatch watch;
        try {
            grow_tree();
            search_grid();
            grow_forest();
        } catch (const Interrupted&) {
            found_.interrupted = true;
        } catch (const tool::Stopped& stopped) {
            found_.stopped = stopped;
        }
        close_forest();
        found_.processes = runner_.processes();
        found_.fits = runner_.done();
        found_.deaths = runner_.deaths();
        found_.seconds = watch.seconds();
        return std::move(found_);
    }

private:
    void grow_tree() {
        runner_.each(
            "tree", std::vector<Settings>{Settings{}},
            [table = table_.view()](const Settings& settings) {
                return fit_on_all_rows(table, settings);
            },
            [](const Settings&) { return std::string("the tree on all rows"); },
            [&](std::size_t, std::vector<double> predictions) {
                found_.tree_error = root_mean_square(predictions, data_.targets);
                found_.tree = std::move(predictions);
            });
    }

    void search_grid() {
        const std::size_t folds = plan_.folds;
        std::vector<FoldFit> fits;
        for (const Settings& settings : plan_.grid.points) {
            for (std::uint32_t fold = 0; fold < plan_.folds; ++fold) {
                fits.push_back({settings, fold});
            }
        }
        std::vector<std::vector<FoldError>> errors(plan_.grid.points.size());
        found_.points.resize(plan_.grid.points.size());
        runner_.each(
            "grid", fits,
            [table = table_.view(), fold_of = table_.folds()](const FoldFit& fit) {
                return try_on_fold(table, fold_of, fit);
            },
            [&](const FoldFit& fit) {
                const auto at = std::ranges::find(plan_.grid.points, fit.settings);
                return fmt::format(
                    "fold {} of {}", fit.fold + 1,
                    plan_.grid.name(static_cast<std::size_t>(at - plan_.grid.points.begin())));
            },
            [&](std::size_t i, const FoldError& error) {
                auto& of_point = errors[i / folds];
                of_point.push_back(error);
                if (of_point.size() == folds) {
                    close_point(i / folds, error_over(of_point));
                }
            });
    }

    void close_point(std::size_t point, const PointError& error) {
        found_.points[point] = error;
        // Points close in order, so of equal ones the first stays.
        if (!found_.best || error.error < found_.points[*found_.best]->error) {
            found_.best = point;
        }
    }

    void grow_forest() {
        std::vector<TreeFit> fits;
        for (std::uint32_t tree = 0; tree < plan_.trees; ++tree) {
            fits.push_back({plan_.grid.points[found_.best.value()], plan_.seed, tree});
        }
        sums_.resize(rows_);
        unseen_sums_.resize(rows_);
        unseen_trees_.resize(rows_);
        runner_.each(
            "forest", fits,
            [table = table_.view()](const TreeFit& fit) { return fit_on_drawn_rows(table, fit); },
            [](const TreeFit& fit) { return fmt::format("tree {} of the forest", fit.tree + 1); },
            [&](std::size_t tree, const std::vector<double>& predictions) {
                add_tree(static_cast<std::uint32_t>(tree), predictions);
            });
    }

    /// Adds up in the order of the trees, so that the sums are the same to the bit.
    void add_tree(std::uint32_t tree, const std::vector<double>& predictions) {
        std::vector<bool> seen(rows_);
        for (const auto row : drawn_rows(rows_, plan_.seed, tree)) {
            seen[row] = true;
        }
        for (std::uint32_t row = 0; row < rows_; ++row) {
            sums_[row] += predictions[row];
            if (seen[row]) {
                continue;
            }
            unseen_sums_[row] += predictions[row];
            ++unseen_trees_[row];
        }
        ++found_.trees;
    }

    void close_forest() {
        if (found_.trees == 0) {
            return;
        }
        double squares = 0;
        for (std::uint32_t row = 0; row < rows_; ++row) {
            found_.forest.push_back(sums_[row] / found_.trees);
            if (unseen_trees_[row] == 0) {
                continue;
            }
            const double off = unseen_sums_[row] / unseen_trees_[row] - data_.targets[row];
            squares += off * off;
            ++found_.out_of_bag_rows;
        }
        if (found_.out_of_bag_rows > 0) {
            found_.out_of_bag_error = std::sqrt(squares / found_.out_of_bag_rows);
        }
    }

    const Dataset& data_;
    const Plan& plan_;
    std::uint32_t rows_;
    SharedTable table_;
    FitRunner runner_;  // after the table that its workers read, so it is destroyed before
    Findings found_{};
    std::vector<double> sums_;         // of predictions, by row
    std::vector<double> unseen_sums_;  // of the trees that were not grown on the row
    std::vector<std::uint32_t> unseen_trees_;
};

}  // namespace

Findings study(const Dataset& data, const Plan& plan) {
    if (plan.folds < 2 || plan.folds > data.rows()) {
        throw tool::BadUsage(fmt::format(
            "--folds {}: {} has {} rows, so write 2 to {}; each fold needs a row, and another to "
            "grow on",
            plan.folds, data.file, data.rows(), data.rows()));
    }
    const std::size_t fits = 1 + plan.grid.points.size() * plan.folds + plan.trees;
    if (plan.crashes > fits) {
        throw tool::BadUsage(
            fmt::format("--crash {}: there are only {} fits; write fewer", plan.crashes, fits));
    }
    try {
        return Study(data, plan).run();
    } catch (const std::bad_alloc&) {
        throw tool::SystemLimit(tool::limit_of_shared_memory().value_or(fmt::format(
            "not enough memory for {} rows of {} columns; use fewer --features or --processes, or "
            "a sample of the rows",
            data.rows(), data.columns() + 1)));
    }
}

}  // namespace forest
