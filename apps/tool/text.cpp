#include "text.hpp"

#include <algorithm>

namespace tool {

namespace {

std::string folded_line(std::string_view line, std::size_t columns, std::size_t hanging) {
    if (line.size() <= columns) {
        return std::string(line);
    }
    const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
    const std::string indent(std::min(blanks + hanging, columns / 2), ' ');
    std::string all(line.substr(0, blanks));
    std::size_t used = blanks;
    std::size_t start = blanks;  // where the words of the line begin
    for (std::size_t at = blanks; at < line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        const std::size_t blank = used > start ? 1 : 0;
        if (blank == 1 && used + 1 + (end - at) > columns) {
            all += '\n' + indent;
            used = start = indent.size();
        } else if (blank == 1) {
            all += ' ';
            ++used;
        }
        all.append(line, at, end - at);
        used += end - at;
        at = std::min(line.find_first_not_of(' ', end), line.size());
    }
    return all;
}

}  // namespace

std::string grouped(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) {
            text += ',';
        }
        text += digits[i];
    }
    return text;
}

std::string noun_for(std::uint64_t number, std::string_view noun) {
    std::string text(noun);
    if (number != 1) {
        text += noun.ends_with('s') || noun.ends_with('h') ? "es" : "s";
    }
    return text;
}

std::string one_line(std::string_view text) {
    std::string line(text);
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
            c = '?';
        }
    }
    return line;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 24;
    std::string shown = "'";
    for (const char c : text.substr(0, longest)) {
        shown += c >= ' ' && c <= '~' ? c : '?';
    }
    return shown + (text.size() > longest ? "...'" : "'");
}

std::string folded(std::string_view text, std::size_t columns, std::size_t hanging) {
    std::string all;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        all += folded_line(text.substr(at, end - at), columns, hanging);
        if (end < text.size()) {
            all += '\n';
        }
        at = end + 1;
    }
    return all;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find_first_of(separators, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    const auto end = text.find_last_not_of(" \t\n");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace tool
