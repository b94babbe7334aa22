#pragma once

#include <string>
#include <vector>

#include "csv.hpp"

namespace forest {

/// What is learned from: numbers, and one more number to each row that is to be told from them.
struct Dataset {
    std::string file;
    std::vector<std::string> features;  ///< names of columns
    std::string target;
    std::vector<float> values;    ///< rows x features, in single precision as the trees see them
    std::vector<double> targets;  ///< one a row

    [[nodiscard]] std::size_t rows() const { return targets.size(); }
    [[nodiscard]] std::size_t columns() const { return features.size(); }
};

/// The columns that were asked for. A column is named, or numbered from 1; among the features
/// `2..5` are four columns. No features: all columns but the target. Throws tool::BadUsage with
/// file, line and column: a column that is not there, a cell that is no number, fewer than two
/// rows.
[[nodiscard]] Dataset select_columns(const Csv& csv, const std::string& target,
                                     const std::vector<std::string>& features);

}  // namespace forest
