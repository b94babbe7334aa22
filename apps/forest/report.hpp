#pragma once

#include <string>

#include "dataset.hpp"
#include "study.hpp"
#include "tool/terminal.hpp"

namespace forest {

/// The results for a program: one JSON document, predictions included. What may differ from run to
/// run is under "run".
[[nodiscard]] std::string as_json(const Dataset& data, const Plan& plan, const Findings& found);

/// The results for a person. On a terminal with enough room, the errors of the grid are bars too.
[[nodiscard]] std::string as_text(const Dataset& data, const Plan& plan, const Findings& found,
                                  const tool::Terminal& terminal);

/// How many columns a terminal must have for the bars.
[[nodiscard]] std::size_t columns_for_bars(const Plan& plan, const Findings& found);

}  // namespace forest
