#pragma once

#include <string>

#include "dataset.hpp"
#include "study.hpp"

namespace forest {

/// The error over the grid as an SVG: the first setting that varies runs to the right, the others
/// make a line each. The whiskers of the best line are standard errors. Points that are not there
/// (yet) are left out; there must be one.
[[nodiscard]] std::string picture_of_grid(const Dataset& data, const Plan& plan,
                                          const Findings& found);

/// Throws tool::BadUsage when a file of this name could not be written; changes nothing.
void check_writable(const std::string& file);
/// Throws tool::SystemLimit.
void write_file(const std::string& file, const std::string& text);

}  // namespace forest
