#pragma once

#include <string>
#include <vector>

#include "csv.hpp"

namespace forest {

/// What the trees learn from: rows of numbers (the features), and for each row one more number that
/// is to be predicted from them (the target).
struct Dataset {
    std::string file;
    std::vector<std::string> features;  ///< names of columns
    std::string target;
    std::vector<float> values;    ///< rows x features, in the single precision of the trees
    std::vector<double> targets;  ///< one a row

    [[nodiscard]] std::size_t rows() const { return targets.size(); }
    [[nodiscard]] std::size_t columns() const { return features.size(); }
};

/// The columns that were asked for. A column is given by its name or by its number, from 1; among
/// the features `2..5` are four columns. No features: all columns but the target. Throws
/// tool::BadUsage with file, line and column if there is no such column, a cell is not a number or
/// there are fewer than two rows.
[[nodiscard]] Dataset select_columns(const Csv& csv, const std::string& target,
                                     const std::vector<std::string>& features);

}  // namespace forest
