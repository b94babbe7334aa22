#include "support/json.hpp"

#include <ostream>

namespace support {

nlohmann::json parse_json(const std::string& text) { return nlohmann::json::parse(text); }

std::string written(const nlohmann::json& value) { return value.dump(2); }

}  // namespace support

namespace nlohmann {

void PrintTo(const json& value, std::ostream* out) { *out << support::written(value); }

}  // namespace nlohmann
