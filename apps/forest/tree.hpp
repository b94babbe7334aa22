#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "grid.hpp"

namespace forest {

/// A table, which the view does not own.
struct View {
    const float* values = nullptr;    ///< rows x columns
    const double* targets = nullptr;  ///< one a row
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
};

/// Grows a regression tree, or `rounds` of them, on some rows of the table, which may repeat, and
/// returns its predictions for other rows. They are the same to the bit wherever it runs.
/// Predictions are rounded to a decimal place near a millionth of the spread of the targets,
/// because single precision has no more. Computes in the calling thread and starts no other. Throws
/// std::runtime_error with the message of XGBoost.
[[nodiscard]] std::vector<double> fit_and_predict(const View& table,
                                                  std::span<const std::uint32_t> grow_on,
                                                  std::span<const std::uint32_t> predict,
                                                  const Settings& settings);

}  // namespace forest
