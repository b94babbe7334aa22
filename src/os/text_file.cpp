#include "os/text_file.hpp"

#include <algorithm>

#include "os/fd.hpp"

namespace procpool::os {

std::optional<std::string> contents(const std::string& path) {
    for (std::string text(4096, '\0');; text.resize(2 * text.size())) {
        const long length = read_file(path.c_str(), text.data(), text.size());
        if (length < 0) {
            return std::nullopt;
        }
        if (static_cast<std::size_t>(length) < text.size()) {
            text.resize(static_cast<std::size_t>(length));
            return text;
        }
    }
}

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

std::optional<long long> number_in(const std::string& path) {
    const auto text = contents(path);
    return text ? number<long long>(trimmed(*text)) : std::nullopt;
}

}  // namespace procpool::os
