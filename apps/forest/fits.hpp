#pragma once

#include <cstdint>
#include <vector>

#include <procpool/shared.hpp>

#include "dataset.hpp"
#include "tree.hpp"

namespace forest {

/// The table in memory that all workers share, so none of it is sent to them.
class SharedTable {
public:
    /// Throws std::bad_alloc when the shared memory is full.
    SharedTable(const Dataset& data, std::vector<std::uint32_t> fold_of_rows)
        : values_(data.values.begin(), data.values.end()),
          targets_(data.targets.begin(), data.targets.end()),
          folds_(fold_of_rows.begin(), fold_of_rows.end()),
          columns_(static_cast<std::uint32_t>(data.columns())) {}

    /// The addresses are the same in every worker. They are valid as long as this object lives.
    [[nodiscard]] View view() const {
        return {values_.data(), targets_.data(), static_cast<std::uint32_t>(targets_.size()),
                columns_};
    }
    [[nodiscard]] const std::uint32_t* folds() const { return folds_.data(); }

private:
    procpool::shared_vector<float> values_;
    procpool::shared_vector<double> targets_;
    procpool::shared_vector<std::uint32_t> folds_;
    std::uint32_t columns_;
};

// The three kinds of task. Each is one fit in a worker, and depends on nothing but its arguments.

/// The lecture's tree, grown on all rows: its predictions for the same rows.
[[nodiscard]] std::vector<double> fit_on_all_rows(const View& table, const Settings& settings);

/// One fold of a cross-validation: the tree grows on the rows of all other folds and is tried on
/// the rows of this one.
struct FoldFit {
    Settings settings;
    std::uint32_t fold = 0;
};
struct FoldError {
    double squares = 0;  ///< sum of the squared errors
    std::uint32_t rows = 0;
};
[[nodiscard]] FoldError try_on_fold(const View& table, const std::uint32_t* fold_of_rows,
                                    const FoldFit& fit);

/// One tree of the forest, grown on rows that were drawn for it: its predictions for all rows.
struct TreeFit {
    Settings settings;
    std::uint64_t seed = 0;
    std::uint32_t tree = 0;
};
[[nodiscard]] std::vector<double> fit_on_drawn_rows(const View& table, const TreeFit& fit);

}  // namespace forest
