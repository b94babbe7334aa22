#pragma once

#include <iosfwd>
#include <string>

#include <nlohmann/json.hpp>

/// JSON that programs write. What reads and writes it is compiled here, once, and not in each test.
namespace support {

/// Throws nlohmann::json::parse_error.
[[nodiscard]] nlohmann::json parse_json(const std::string& text);
/// In lines for a person.
[[nodiscard]] std::string written(const nlohmann::json& value);

}  // namespace support

namespace nlohmann {

/// For GoogleTest, which finds it here.
void PrintTo(const json& value, std::ostream* out);

}  // namespace nlohmann
