#pragma once

#include <optional>
#include <string>

namespace tool {

/// All that a file holds. None when it cannot be read; errno says why.
[[nodiscard]] std::optional<std::string> contents(const std::string& path);

}  // namespace tool
