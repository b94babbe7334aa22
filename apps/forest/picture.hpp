#pragma once

#include <string>

#include "dataset.hpp"
#include "study.hpp"

namespace forest {

/// The error over the grid as an SVG. The first setting that varies runs to the right; each
/// combination of the others is a line. The best line has whiskers, which are standard errors.
/// Points that were not finished are left out; one at least must be finished.
[[nodiscard]] std::string picture_of_grid(const Dataset& data, const Plan& plan,
                                          const Findings& found);

/// Throws tool::BadUsage when a file of this name cannot be written. Changes nothing.
void check_writable(const std::string& file);
/// Throws tool::SystemLimit.
void write_file(const std::string& file, const std::string& text);

}  // namespace forest
