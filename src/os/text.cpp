#include "os/text.hpp"

#include <algorithm>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    const auto end = text.find_last_not_of(" \n\t");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

bool lists(std::string_view text, std::string_view wanted) {
    const auto parts = split(text, ',');
    return std::ranges::find(parts, wanted) != parts.end();
}

}  // namespace os
PROCPOOL_END_NAMESPACE
