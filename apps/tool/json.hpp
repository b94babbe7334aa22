#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace tool {

/// A JSON document as the programs print it: indented, with a line end. A byte that is not UTF-8,
/// such as one in the name of a file, becomes U+FFFD.
[[nodiscard]] std::string json_text(const nlohmann::json& document);

}  // namespace tool
