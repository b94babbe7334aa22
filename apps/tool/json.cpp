#include "json.hpp"

#include <nlohmann/json.hpp>

namespace tool {

std::string json_text(const nlohmann::json& document) {
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace tool
