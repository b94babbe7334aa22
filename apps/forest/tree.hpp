#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "grid.hpp"

namespace forest {

/// A table that somebody else owns.
struct View {
    const float* values = nullptr;    ///< rows x columns
    const double* targets = nullptr;  ///< one a row
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
};

/// Grows a regression tree, or `rounds` of them, on some rows of the table, which may repeat, and
/// tells what it predicts for others. The same to the bit wherever it runs. Predictions are
/// rounded to a decimal place near a millionth of the spread of the targets: what single precision
/// is good for. Computes in the calling thread and starts no other. Throws std::runtime_error
/// with what the library says.
[[nodiscard]] std::vector<double> fit_and_predict(const View& table,
                                                  std::span<const std::uint32_t> grow_on,
                                                  std::span<const std::uint32_t> predict,
                                                  const Settings& settings);

}  // namespace forest
