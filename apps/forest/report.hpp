#pragma once

#include <string>

#include "dataset.hpp"
#include "study.hpp"
#include "tool/terminal.hpp"

namespace forest {

/// What a program reads: one JSON document, predictions included. What may differ from run to run
/// is under "run".
[[nodiscard]] std::string as_json(const Dataset& data, const Plan& plan, const Findings& found);

/// What a person reads. On a terminal with room for it, the errors of the grid as bars.
[[nodiscard]] std::string as_text(const Dataset& data, const Plan& plan, const Findings& found,
                                  const tool::Terminal& terminal);

/// The columns that a terminal must have for the bars.
[[nodiscard]] std::size_t columns_for_bars(const Plan& plan, const Findings& found);

}  // namespace forest
